import { setTimeout as delay } from "node:timers/promises";

/** Calls `check` at once and repeatedly until it no longer throws; after `withinMs` its last error is thrown. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  options: { withinMs?: number; everyMs?: number } = {},
): Promise<T> {
  const { withinMs = 15_000, everyMs = 50 } = options;
  const until = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    await delay(everyMs);
  }
}
