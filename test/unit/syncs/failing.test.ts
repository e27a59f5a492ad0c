import { expect, it } from "vitest";
import { PermanentError, TransientError } from "#shared/errors.ts";
import {
  failingAfter,
  failingWarning,
  isEmbeddingFailing,
  retryFields,
} from "#shared/syncs/operations/failing.ts";

const NEXT = new Date("2026-03-01T12:00:30Z");

it.each([
  ["confluence_failed", "confluence_failing", "Confluence"],
  ["timeout", "confluence_failing", "Confluence"],
  ["connection_failed", "confluence_failing", "Confluence"],
  ["repeated_cursor", "confluence_failing", "Confluence"],
  ["invalid_answer", "confluence_failing", "Confluence"],
  ["forbidden", "confluence_failing", "Confluence"],
  ["not_found", "confluence_failing", "Confluence"],
  ["embedding_unreachable", "embedding_failing", "The embedding model"],
  ["embedding_failed", "embedding_failing", "The embedding model"],
  ["kms_unavailable", "operation_failing", "The operation"],
  ["stored_embedding_lost", "operation_failing", "The operation"],
])(
  "the warning of %s is %s and says what fails, how often, and when it is tried again",
  (code, warning, who) => {
    const state = failingAfter(new TransientError(code, "It broke"), 2, 5, NEXT);
    const { code: shown, message } = failingWarning(state);
    expect(shown).toBe(warning);
    expect(message.startsWith(`${who} `)).toBe(true);
    for (const part of ["It broke", `(${code})`, "2 of 5", NEXT.toISOString()])
      expect(message).toContain(part);
    expect(isEmbeddingFailing(state)).toBe(warning === "embedding_failing");
  },
);

it("without a failed attempt the embedding model is not failing", () => {
  expect(isEmbeddingFailing(null)).toBe(false);
});

it.each([
  ["of a response", new TransientError("confluence_failed", "502", { details: { status: 502 } }), 502],
  ["without a response", new TransientError("timeout", "Too late"), undefined],
  ["that does not pass", new PermanentError("not_found", "404", { details: { status: 404 } }), undefined],
  ["of our own", new Error("A bug"), undefined],
])(
  "the log line of a fault %s has its code, its attempts and the status if there is one",
  (_, error, status) => {
    const state = failingAfter(error, 3, 5, NEXT);
    expect(retryFields(error, state)).toEqual({
      code: state.code,
      attempt: 3,
      max_attempts: 5,
      next_attempt_at: NEXT.toISOString(),
      error,
      ...(status ? { status } : {}),
    });
  },
);
