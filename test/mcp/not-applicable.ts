/*
 * What the conformance suite asks of a server that has everything. This one has tools that read, and nothing else; the suite tests most
 * of the rest by tools, resources and prompts of its own server, which it expects to find. An entry that passes is an error: it applies.
 */

const OWN_TOOLS = "calls a tool of the suite's own server (`test_…`)";
const NO_RESOURCES = "resources are not offered: pages are read by a tool, as the reader may see them";
const NO_PROMPTS = "prompts are not offered";
const NO_COMPLETION = "no prompt or resource has arguments to complete";
const NO_LOGGING = "log messages are not offered: the service has a log of its own";
const NO_INPUT = "no tool asks the client for input";

/** Scenarios of revision 2025-11-25 that do not pass, by reason. */
export const NOT_APPLICABLE_2025: Record<string, readonly string[]> = {
  [OWN_TOOLS]: [
    "tools-call-simple-text",
    "tools-call-image",
    "tools-call-audio",
    "tools-call-embedded-resource",
    "tools-call-mixed-content",
    "tools-call-with-logging",
    "tools-call-error",
    "tools-call-with-progress",
    "json-schema-2020-12",
  ],
  [NO_INPUT]: [
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
  ],
  [NO_RESOURCES]: [
    "resources-list",
    "resources-read-text",
    "resources-read-binary",
    "resources-templates-read",
    "resources-subscribe",
    "resources-unsubscribe",
  ],
  [NO_PROMPTS]: [
    "prompts-list",
    "prompts-get-simple",
    "prompts-get-with-args",
    "prompts-get-embedded-resource",
    "prompts-get-with-image",
  ],
  [NO_COMPLETION]: ["completion-complete"],
  [NO_LOGGING]: ["logging-set-level"],
  "responses are JSON, without a stream or a session": ["server-sse-polling", "server-sse-multiple-streams"],
};

/** Checks that have their scenario's name. */
const namesake = (...scenarios: string[]) => scenarios.map((name) => `${name}:${name}`);
const of = (scenario: string, ...checks: string[]) => checks.map((check) => `${scenario}:${check}`);

/** The same of revision 2026-07-28, by check: that each message fits the revision's schema is checked in these scenarios too. */
export const NOT_APPLICABLE_2026: Record<string, readonly string[]> = {
  [OWN_TOOLS]: [
    ...namesake(
      "tools-call-simple-text",
      "tools-call-image",
      "tools-call-audio",
      "tools-call-embedded-resource",
      "tools-call-mixed-content",
      "tools-call-error",
      "tools-call-with-progress",
    ),
    ...of(
      "server-stateless",
      "sep-2575-server-rejects-undeclared-capability",
      "sep-2575-missing-capability-http-400",
      "sep-2575-http-server-no-independent-requests-on-stream",
      "sep-2575-server-no-log-without-loglevel",
    ),
  ],
  [NO_INPUT]: [
    ...of("input-required-result-basic-elicitation", "sep-2322-elicitation-incomplete"),
    ...of("input-required-result-basic-sampling", "sep-2322-sampling-incomplete"),
    ...of("input-required-result-basic-list-roots", "sep-2322-list-roots-incomplete"),
    ...of("input-required-result-request-state", "sep-2322-request-state-incomplete"),
    ...of("input-required-result-multiple-input-requests", "sep-2322-multiple-inputs-incomplete"),
    ...of("input-required-result-multi-round", "sep-2322-multi-round-r1"),
    ...of("input-required-result-missing-input-response", "sep-2322-missing-response-rerequests"),
    ...of("input-required-result-non-tool-request", "sep-2322-non-tool-incomplete"),
    ...of("input-required-result-result-type", "sep-2322-result-type-included"),
    ...of("input-required-result-tampered-state", "sep-2322-reject-tampered-state"),
    ...of("input-required-result-capability-check", "sep-2322-respect-client-capabilities"),
    ...of("input-required-result-ignore-extra-params", "sep-2322-ignore-unexpected-params"),
  ],
  [NO_RESOURCES]: [
    ...namesake("resources-list", "resources-read-text", "resources-read-binary", "resources-templates-read"),
    ...of("sep-2164-resource-not-found", "sep-2164-error-code", "sep-2164-data-uri"),
    ...of(
      "caching",
      "sep-2549-resources-list-caching-hints",
      "sep-2549-resources-templates-list-caching-hints",
    ),
  ],
  [NO_PROMPTS]: [
    ...namesake(
      "prompts-list",
      "prompts-get-simple",
      "prompts-get-with-args",
      "prompts-get-embedded-resource",
      "prompts-get-with-image",
    ),
    ...of("caching", "sep-2549-prompts-list-caching-hints"),
  ],
  [NO_COMPLETION]: namesake("completion-complete"),
  "changes are not announced: the tools stay as they are": of(
    "server-stateless",
    "sep-2575-server-sends-subscription-ack",
    "sep-2575-server-tags-subscription-id",
  ),
};
