/** The instant `ms` milliseconds after `time`; before it when `ms` is negative. */
export function later(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
