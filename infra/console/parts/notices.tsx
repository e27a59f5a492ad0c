import type { ComponentChildren } from "preact";
import { isMissingRoute, remedyFor, type ApiError } from "#infra/console/api/api-error.ts";
import { isRefusal } from "#infra/console/state/poll-delay.ts";
import type { Polled } from "#infra/console/state/polled.ts";
import { Button } from "./button.tsx";
import { sentence } from "./format.ts";
import type { Tone } from "./tone.ts";

const SIGNS: Record<Tone, string> = { ok: "●", busy: "◐", warn: "▲", bad: "■", quiet: "○" };

/** A state in words; its sign and colour say it again. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  );
}

/** Where a field was sent: of no use to who filled in a form. */
const FIELD_OF = /^(?:Body|Query|Path)\./;

/** What went wrong, what to do, and the id that the service's log has. */
export function ErrorBanner({ error, what }: { error: ApiError; what?: string }) {
  const remedy = remedyFor(error);
  return (
    <div class="banner bad" role="alert">
      <p>
        {what !== undefined && <strong>{what} </strong>}
        {sentence(error.message.replace(FIELD_OF, ""))} {remedy}
      </p>
      <p class="quiet">
        {error.code}
        {error.requestId !== null && ` · request ${error.requestId}`}
      </p>
    </div>
  );
}

export function Notice({ tone = "warn", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`banner ${tone}`}>{children}</div>;
}

/** Loading, failed, or what was read; with what was read before when the last attempt failed. */
export function Loaded<T>({
  of,
  what,
  children,
}: {
  of: Polled<T>;
  what: string;
  children: (data: T) => ComponentChildren;
}) {
  if (isMissingRoute(of.error))
    return (
      <p class="empty">
        This service does not offer {what} yet: it is of an earlier release than the console.
      </p>
    );
  return (
    <>
      {of.error && (
        <ErrorBanner
          error={of.error}
          what={of.data === null ? `Could not read ${what}.` : "Not up to date."}
        />
      )}
      {of.error && isRefusal(of.error) && (
        <p class="buttons">
          <Button onClick={of.refresh} label={`Read again: ${what}`}>
            Read again
          </Button>
        </p>
      )}
      {of.data !== null && children(of.data)}
      {of.data === null && !of.error && <p class="empty">Reading {what} …</p>}
    </>
  );
}
