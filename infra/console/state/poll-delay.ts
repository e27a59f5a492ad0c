/** The longest wait between two attempts while the service does not respond. */
const MAX_DELAY_MS = 60_000;

/** Milliseconds until the next request: the interval, doubled with each failure in a row, at least what the service asked for. */
export function pollDelay(
  everyMs: number,
  failures: number,
  retryAfterSeconds: number | null = null,
): number {
  const backedOff = Math.min(
    MAX_DELAY_MS,
    Math.max(everyMs, failures > 0 ? 1000 : 0) * 2 ** Math.min(failures, 10),
  );
  return Math.max(failures > 0 ? backedOff : everyMs, (retryAfterSeconds ?? 0) * 1000);
}
