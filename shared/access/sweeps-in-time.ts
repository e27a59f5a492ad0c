/** Whether what was read of rights is read again, once failed, before it is too old to count. */
export function sweepsInTime(sweepMinutes: number, maxAgeHours: number): boolean {
  return 2 * sweepMinutes <= 60 * maxAgeHours;
}
