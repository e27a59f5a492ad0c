/** When a 429 does not say how long to wait. */
const DEFAULT_MS = 20_000;
/** A source is not paused for longer on a provider's word alone. */
const MAX_MS = 15 * 60_000;

/** Milliseconds to wait by a `Retry-After` header (seconds or an HTTP date), capped. */
export function retryAfterMs(header: string | null, now: Date): number {
  if (header === null || header.trim() === "") return DEFAULT_MS;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), MAX_MS) : DEFAULT_MS;
}
