import type { Sql } from "#shared/db/connect.ts";

/** What an operation did. Counted from its work rows and the listing's counters; frozen into `metadata.sync_metrics` at the end. */
export type SyncMetrics = {
  pages_added: number;
  pages_updated: number;
  pages_deleted: number;
  pages_moved: number;
  pages_hidden: number;
  pages_restored: number;
  pages_unchanged: number;
  pages_failed: number;
  chunks_added: number;
  chunks_kept: number;
  chunks_removed: number;
  embeddings_created: number;
  embeddings_reused: number;
  api_calls_made: number;
  /** Seconds. */
  duration: number;
  duration_ms: number;
};

const WORK_COUNTERS = [
  "chunks_added",
  "chunks_kept",
  "chunks_removed",
  "embeddings_created",
  "embeddings_reused",
  "api_calls_made",
] as const;

/** The operation's metrics as of now; after its end, the same for ever. */
export async function readMetrics(
  sql: Sql,
  operationId: string,
): Promise<SyncMetrics & { lastWorkAt: Date | null }> {
  const [operation] = await sql`
    select status, counters, started_at, finished_at, updated_at from archon_progress where operation_id = ${operationId}`;
  const listing = (operation?.counters ?? {}) as Record<string, number>;
  if (operation?.finished_at && listing.duration_ms !== undefined)
    return { ...toMetrics(listing), lastWorkAt: operation.finished_at };
  const [work] = await sql`
    select
      count(*) filter (where outcome = 'added' and state in ('done', 'planned'))::int as pages_added,
      count(*) filter (where outcome = 'updated' and state in ('done', 'planned'))::int as pages_updated,
      count(*) filter (where outcome = 'deleted' and state in ('done', 'planned'))::int as pages_deleted,
      count(*) filter (where outcome = 'moved' and state in ('done', 'planned'))::int as pages_moved,
      count(*) filter (where outcome = 'hidden' and state in ('done', 'planned'))::int as pages_hidden,
      count(*) filter (where outcome = 'restored' and state in ('done', 'planned'))::int as pages_restored,
      count(*) filter (where outcome = 'unchanged' and state = 'done')::int as pages_unchanged,
      count(*) filter (where state = 'failed')::int as pages_failed,
      coalesce(sum((counters ->> 'chunks_added')::bigint), 0)::int as chunks_added,
      coalesce(sum((counters ->> 'chunks_kept')::bigint), 0)::int as chunks_kept,
      coalesce(sum((counters ->> 'chunks_removed')::bigint), 0)::int as chunks_removed,
      coalesce(sum((counters ->> 'embeddings_created')::bigint), 0)::int as embeddings_created,
      coalesce(sum((counters ->> 'embeddings_reused')::bigint), 0)::int as embeddings_reused,
      coalesce(sum((counters ->> 'api_calls_made')::bigint), 0)::int as api_calls_made,
      max(updated_at) filter (where state in ('done', 'failed')) as last_work_at
    from sync_work where operation_id = ${operationId}`;
  const started: Date | null = operation?.started_at ?? null;
  const until: Date | null = operation?.finished_at ?? work?.last_work_at ?? operation?.updated_at ?? null;
  const durationMs = started && until ? Math.max(0, until.getTime() - started.getTime()) : 0;
  return {
    ...toMetrics({
      ...(work as unknown as Record<string, number>),
      pages_moved: Number(work?.pages_moved ?? 0) + (listing.pages_moved ?? 0),
      pages_restored: Number(work?.pages_restored ?? 0) + (listing.pages_restored ?? 0),
      pages_unchanged: Number(work?.pages_unchanged ?? 0) + (listing.pages_unchanged ?? 0),
      api_calls_made: Number(work?.api_calls_made ?? 0) + (listing.api_calls_made ?? 0),
      duration_ms: durationMs,
    }),
    lastWorkAt: work?.last_work_at ?? null,
  };
}

function toMetrics(values: Record<string, number>): SyncMetrics {
  const count = (name: string) => values[name] ?? 0;
  return {
    pages_added: count("pages_added"),
    pages_updated: count("pages_updated"),
    pages_deleted: count("pages_deleted"),
    pages_moved: count("pages_moved"),
    pages_hidden: count("pages_hidden"),
    pages_restored: count("pages_restored"),
    pages_unchanged: count("pages_unchanged"),
    pages_failed: count("pages_failed"),
    ...(Object.fromEntries(WORK_COUNTERS.map((name) => [name, count(name)])) as Pick<
      SyncMetrics,
      (typeof WORK_COUNTERS)[number]
    >),
    duration: Math.round(count("duration_ms")) / 1000,
    duration_ms: count("duration_ms"),
  };
}
