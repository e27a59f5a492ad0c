/** The longest wait between two attempts while the service does not respond, unless the interval is longer. */
const MAX_DELAY_MS = 60_000;
const MIN_RETRY_MS = 1000;

/** Milliseconds until the next request: the interval, doubled with each failure in a row, at least what the service asked for. */
export function pollDelay(
  everyMs: number,
  failures: number,
  retryAfterSeconds: number | null = null,
): number {
  if (failures === 0) return everyMs;
  const doubled = Math.max(everyMs, MIN_RETRY_MS) * 2 ** Math.min(failures, 10);
  return Math.max(everyMs, Math.min(MAX_DELAY_MS, doubled), (retryAfterSeconds ?? 0) * 1000);
}

type Failure = { status: number; retryAfter: number | null };

/** Whether asking again by itself is of no use: the service refuses the request, and not for being busy. */
export function isRefusal({ status }: Pick<Failure, "status">): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** What was read once is tried again at this interval until it is there. */
const RETRY_MS = 5000;

/** Milliseconds until the next request by itself; null: none. `failure`: of the last one, the last of so many in a row. */
export function nextRequestIn(
  everyMs: number | null,
  failure: Failure | null,
  failures: number,
): number | null {
  if (failure === null) return everyMs;
  if (isRefusal(failure)) return null;
  return pollDelay(everyMs ?? RETRY_MS, failures, failure.retryAfter);
}
