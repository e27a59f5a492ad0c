/*
 * When the deletion checks of sources with the weekly strategy run. The topology's daily schedule follows from this.
 */

const DAY_MS = 24 * 60 * 60_000;

/** The time, in UTC, of the daily tick that starts the checks that are due. */
export const CHECK_TICK = { hour: 3, minute: 0 };

/** A weekly check is due seven days after the tick of the last one: ticks are daily, so it runs on every seventh. */
export const CHECK_INTERVAL_MS = 7 * DAY_MS;

const TICK_OFFSET_MS = (CHECK_TICK.hour * 60 + CHECK_TICK.minute) * 60_000;

/** The latest daily tick that is not after `now`. */
export function lastTick(now: Date): Date {
  return new Date(Math.floor((now.getTime() - TICK_OFFSET_MS) / DAY_MS) * DAY_MS + TICK_OFFSET_MS);
}

/** The daily tick that starts a check due at `due`: the first one that is not before it. */
export function tickOfCheck(due: Date): Date {
  return new Date(Math.ceil((due.getTime() - TICK_OFFSET_MS) / DAY_MS) * DAY_MS + TICK_OFFSET_MS);
}
