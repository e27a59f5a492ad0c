/**
 * The metrics that an operation reports at its end, and how each is counted: pages by the outcome or the state of their work, or
 * the sum of a counter of their work; comments (`listed`) by the listing that stored them. Types, SQL, the HTTP contract and the log's metrics follow this list.
 */
export const COUNTED_METRICS = {
  pages_added: { outcome: "added" },
  pages_updated: { outcome: "updated" },
  pages_deleted: { outcome: "deleted" },
  pages_moved: { outcome: "moved" },
  pages_hidden: { outcome: "hidden" },
  pages_restored: { outcome: "restored" },
  pages_unchanged: { outcome: "unchanged" },
  pages_failed: { state: "failed" },
  comments_added: "listed",
  comments_updated: "listed",
  comments_deleted: "listed",
  chunks_added: "sum",
  chunks_kept: "sum",
  chunks_removed: "sum",
  embeddings_created: "sum",
  embeddings_reused: "sum",
  api_calls_made: "sum",
} as const satisfies Record<string, { outcome: string } | { state: string } | "listed" | "sum">;

export type CountedMetric = keyof typeof COUNTED_METRICS;

export type SyncMetrics = Record<CountedMetric, number> & {
  /** Seconds. */
  duration: number;
  duration_ms: number;
};

/** One value for each counted metric, in their order. */
export function ofEachMetric<T>(value: (name: CountedMetric) => T): Record<CountedMetric, T> {
  // The keys of a constant object are its type's.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const names = Object.keys(COUNTED_METRICS) as CountedMetric[];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<CountedMetric, T>;
}
