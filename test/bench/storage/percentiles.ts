/** p50, p95 and p99 of measured milliseconds, to a tenth. */
export function percentiles(values: readonly number[]): { p50: number; p95: number; p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) * 10) /
    10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
