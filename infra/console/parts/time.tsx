import { now } from "#infra/console/state/clock.ts";
import type { Polled } from "#infra/console/state/polled.ts";
import { clockTime, dateTime, duration, relative } from "./format.ts";

/** How long ago, with the exact time on hover. */
export function Ago({ at, none = "never" }: { at: string | Date | null | undefined; none?: string }) {
  if (!at) return <span class="quiet">{none}</span>;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {relative(date, now.value)}
    </time>
  );
}

/** When something is due. */
export function Due({ at, none = "not planned" }: { at: string | null; none?: string }) {
  if (at === null) return <span class="quiet">{none}</span>;
  const isDue = new Date(at) <= now.value;
  return isDue ? <time dateTime={at}>due now</time> : <Ago at={at} />;
}

/** Day and time. */
export function At({ at, none = "—" }: { at: string | null; none?: string }) {
  if (at === null) return <span class="quiet">{none}</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {dateTime(date, now.value)}
    </time>
  );
}

function intervalText(ms: number): string {
  return ms === 1000 ? "second" : ms < 60_000 ? `${ms / 1000} s` : duration(ms);
}

/** How old what is shown is, and whether it is kept up to date. */
export function AsOf({ of }: { of: Polled<unknown> }) {
  if (of.at === null) return null;
  const interval = of.everyMs === null ? "" : `, read every ${intervalText(of.everyMs)}`;
  return (
    <p class="as-of">
      As of {clockTime(of.at)}
      {of.error ? ", not refreshed since" : interval}
      {of.everyMs === null && (
        <button type="button" class="link" onClick={of.refresh}>
          Read again
        </button>
      )}
    </p>
  );
}
