import type { Tone } from "#infra/console/parts/tone.ts";
import { Badge } from "#infra/console/parts/notices.tsx";
import type { SiteCheck } from "#infra/console/api/types.ts";
import type { Step } from "./connect-request.ts";

const NAMES: Record<SiteCheck, string> = {
  address: "The address is a Confluence Cloud site",
  account: "Confluence accepts the token",
  permissions: "The token may do what a sync needs",
  spaces: "The spaces are visible",
};

const TONES: Record<Step["state"], Tone> = {
  waiting: "quiet",
  "not made": "quiet",
  running: "busy",
  passed: "ok",
  limited: "warn",
  failed: "bad",
};

/** Each check with its state and what it found. */
export function CheckList({ steps }: { steps: readonly Step[] }) {
  return (
    <section aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      <ol class="checks">
        {steps.map(({ check, state, message }) => (
          <li key={check}>
            <span>{NAMES[check]}</span>
            <Badge tone={TONES[state]}>{state}</Badge>
            {message !== "" && <small class={state === "failed" ? "bad-text" : "quiet"}>{message}</small>}
          </li>
        ))}
      </ol>
    </section>
  );
}
