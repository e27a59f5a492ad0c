/**
 * The metrics that an operation reports at its end, and how each is counted: pages by the outcome or the state of their work, or
 * the sum of a counter of their work; `listed` by a counter of the operation alone: comments by the listing that stored them, and responses
 * 429 of Confluence, which end no work. A counter of the operation with a metric's name adds to any of them. Tokens are those of the texts that were embedded, as the provider counted them, else estimated. Of files `unsupported_type` and `no_text` (scans,
 * pictures) are stored by their name, as `unreadable` (damaged, encrypted, too large). Types, SQL, the HTTP contract and the log's metrics follow this list.
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
  files_added: { outcome: "added", kind: "attachment" },
  files_updated: { outcome: "updated", kind: "attachment" },
  files_deleted: { outcome: "deleted", kind: "attachment" },
  files_hidden: { outcome: "hidden", kind: "attachment" },
  files_failed: { state: "failed", kind: "attachment" },
  files_unsupported_type: "sum",
  files_no_text: "sum",
  files_unreadable: "sum",
  comments_added: "listed",
  comments_updated: "listed",
  comments_deleted: "listed",
  comments_failed: { state: "failed", kind: "comments" },
  chunks_added: "sum",
  chunks_kept: "sum",
  chunks_removed: "sum",
  embeddings_created: "sum",
  embeddings_reused: "sum",
  embedding_tokens: "sum",
  api_calls_made: "sum",
  rate_limited_calls: "listed",
} as const satisfies Record<string, Counted | "listed" | "sum">;

/** Of pages and blog posts unless `kind` says otherwise; of `comments` pages whose comments could not be stored. */
type Counted = ({ outcome: string } | { state: string }) & { kind?: "attachment" | "comments" };

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
