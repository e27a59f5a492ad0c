import { setTimeout as delay } from "node:timers/promises";
import { TransientError } from "#shared/errors.ts";

/**
 * What a site says. Throws TransientError `timeout` when it takes longer: a function that is killed records nothing, and would begin
 * with this site again. Without `withinMs` it is waited for.
 */
export async function inTime<T>(asked: Promise<T>, withinMs: number | undefined): Promise<T> {
  if (withinMs === undefined) return asked;
  const ended = new AbortController();
  const late = delay(withinMs, undefined, { signal: ended.signal }).then(() => {
    throw new TransientError("timeout", "The site did not respond in time");
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    ended.abort();
  }
}
