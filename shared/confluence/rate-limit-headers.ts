/** The longest pause that one response may ask for: oversized values are known, and a source is tried at least this often. */
export const MAX_RETRY_AFTER_MS = 15 * 60_000;

/** The pause after a 429 without headers: Confluence often omits `Retry-After`; bursts are counted over some seconds. */
const DEFAULT_RETRY_AFTER_MS = 30_000;

/** Below this share of its limit left, a response counts as near the limit, as `X-RateLimit-NearLimit` itself does. */
const NEAR_LIMIT_SHARE = 0.2;

/** Reads one header by its lower-case name; null when it is absent. */
export type HeaderReader = (name: string) => string | null;

/**
 * How long to wait after a 429 (or a 503 that says so), in milliseconds: `Retry-After` in seconds or as a date (measured
 * against the response's own `Date`, so that the local clock does not matter), else `X-RateLimit-Reset`, else 30 s. Never below
 * 1 s nor above 15 min; up to a quarter is added so that workers do not retry together.
 */
export function retryAfterMs(header: HeaderReader, now: Date, random: () => number): number {
  const clock = readDate(header("date")) ?? now;
  const asked =
    readDelay(header("retry-after"), clock) ??
    readDelay(header("x-ratelimit-reset"), clock) ??
    DEFAULT_RETRY_AFTER_MS;
  const withJitter = Math.max(asked, 1000) * (1 + random() / 4);
  return Math.round(Math.min(withJitter, MAX_RETRY_AFTER_MS));
}

/** The state of the quota in a response: if it is nearly used up, until when (null: unknown); else null. */
export type NearLimit = { resetAt: Date | null };

/** Reads `X-RateLimit-NearLimit`, `X-RateLimit-Remaining` of `X-RateLimit-Limit` and `X-RateLimit-Reset`. */
export function readNearLimit(header: HeaderReader): NearLimit | null {
  const remaining = readNumber(header("x-ratelimit-remaining"));
  const limit = readNumber(header("x-ratelimit-limit"));
  const few = remaining !== null && limit !== null && remaining < limit * NEAR_LIMIT_SHARE;
  if (header("x-ratelimit-nearlimit")?.trim().toLowerCase() !== "true" && !few) return null;
  return { resetAt: readDate(header("x-ratelimit-reset")) };
}

/** Milliseconds from `clock` that a header asks to wait; null when it is absent, not understood, or already past. */
function readDelay(value: string | null, clock: Date): number | null {
  const seconds = readNumber(value);
  if (seconds !== null) return seconds * 1000;
  const until = readDate(value);
  return until && until > clock ? until.getTime() - clock.getTime() : null;
}

function readNumber(value: string | null): number | null {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

/** An HTTP date, or ISO 8601 with or without seconds; a bare number is neither. */
export function readDate(value: string | null): Date | null {
  if (value === null || !/[a-z]/i.test(value)) return null;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}
