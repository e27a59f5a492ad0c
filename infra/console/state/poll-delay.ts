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
