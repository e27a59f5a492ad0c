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

/** What the work rows of one operation add up to. */
export type WorkTotals = {
  open: number;
  done: number;
  last_work_at: Date | null;
} & Record<Exclude<keyof SyncMetrics, "duration" | "duration_ms">, number>;

/** Selects the `WorkTotals` of `p`, a row of archon_progress: for a lateral join, so that a list takes one statement. */
export function workTotals(sql: Sql) {
  return sql`
    select
      count(*) filter (where outcome = 'added' and state in ('done', 'planned'))::int as pages_added,
      count(*) filter (where outcome = 'updated' and state in ('done', 'planned'))::int as pages_updated,
      count(*) filter (where outcome = 'deleted' and state in ('done', 'planned'))::int as pages_deleted,
      count(*) filter (where outcome = 'moved' and state in ('done', 'planned'))::int as pages_moved,
      count(*) filter (where outcome = 'hidden' and state in ('done', 'planned'))::int as pages_hidden,
      count(*) filter (where outcome = 'restored' and state in ('done', 'planned'))::int as pages_restored,
      count(*) filter (where outcome = 'unchanged' and state = 'done')::int as pages_unchanged,
      count(*) filter (where state = 'failed')::int as pages_failed,
      coalesce(sum((w.counters ->> 'chunks_added')::bigint), 0)::int as chunks_added,
      coalesce(sum((w.counters ->> 'chunks_kept')::bigint), 0)::int as chunks_kept,
      coalesce(sum((w.counters ->> 'chunks_removed')::bigint), 0)::int as chunks_removed,
      coalesce(sum((w.counters ->> 'embeddings_created')::bigint), 0)::int as embeddings_created,
      coalesce(sum((w.counters ->> 'embeddings_reused')::bigint), 0)::int as embeddings_reused,
      coalesce(sum((w.counters ->> 'api_calls_made')::bigint), 0)::int as api_calls_made,
      count(*) filter (where state = 'pending')::int as open,
      count(*) filter (where state in ('done', 'failed'))::int as done,
      max(w.updated_at) filter (where state in ('done', 'failed')) as last_work_at
    from sync_work w where w.operation_id = p.operation_id`;
}

/** What metrics take from a row of archon_progress. */
export type MeasuredOperation = {
  counters: Record<string, number>;
  started_at: Date | null;
  finished_at: Date | null;
  updated_at: Date;
};

/** The operation's metrics as of now. */
export async function readMetrics(sql: Sql, operationId: string): Promise<SyncMetrics> {
  const [row] = await sql<(MeasuredOperation & WorkTotals)[]>`
    select p.counters, p.started_at, p.finished_at, p.updated_at, work.*
    from archon_progress p cross join lateral (${workTotals(sql)}) work where p.operation_id = ${operationId}`;
  return row ? metricsOf(row, row) : toMetrics({});
}

/** An operation's metrics from its row and its work; after its end those that were frozen then. */
export function metricsOf(operation: MeasuredOperation, work: WorkTotals): SyncMetrics {
  const { counters, started_at: started, finished_at: finished } = operation;
  if (finished && counters.duration_ms !== undefined) return toMetrics(counters);
  const until = finished ?? work.last_work_at ?? operation.updated_at;
  const listed = (name: string) => counters[name] ?? 0;
  return toMetrics({
    ...work,
    pages_moved: work.pages_moved + listed("pages_moved"),
    pages_restored: work.pages_restored + listed("pages_restored"),
    pages_unchanged: work.pages_unchanged + listed("pages_unchanged"),
    api_calls_made: work.api_calls_made + listed("api_calls_made"),
    duration_ms: started ? Math.max(0, until.getTime() - started.getTime()) : 0,
  });
}

function toMetrics(values: Partial<Record<keyof SyncMetrics, number>>): SyncMetrics {
  const count = (name: keyof SyncMetrics) => values[name] ?? 0;
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
