import type { Sql } from "#shared/db/connect.ts";
import { COUNTED_METRICS, ofEachMetric, type CountedMetric, type SyncMetrics } from "#shared/sync-metrics.ts";

/*
 * The metrics of an operation: counted from its work rows and the listing's counters while it runs, frozen into
 * `metadata.sync_metrics` at its end.
 */

/** Totals over the work rows of one operation. */
export type WorkTotals = {
  open: number;
  done: number;
  last_work_at: Date | null;
} & Record<CountedMetric, number>;

/** Selects the `WorkTotals` of `p`, a row of archon_progress: for a lateral join, so that a list needs one statement. */
export function workTotals(sql: Sql) {
  return sql`
    select
      ${Object.values(ofEachMetric((name) => sql`${countOf(sql, name)} as ${sql(name)},`))}
      count(*) filter (where state = 'pending')::int as open,
      count(*) filter (where state in ('done', 'failed'))::int as done,
      max(w.updated_at) filter (where state in ('done', 'failed')) as last_work_at
    from sync_work w where w.operation_id = p.operation_id`;
}

/** Planned pages count like those that are done: a dry run reports what it would do. */
function countOf(sql: Sql, name: CountedMetric) {
  const source = COUNTED_METRICS[name];
  if (source === "listed") return sql`0`;
  if (source === "sum") return sql`coalesce(sum((w.counters ->> ${name}::text)::bigint), 0)::float8`;
  // Documents of comments are no pages: comments that arrive are counted where they are listed.
  const kind = "kind" in source ? source.kind : "page";
  if ("state" in source)
    return sql`count(*) filter (where w.state = ${source.state} and w.kind = ${kind})::int`;
  return sql`count(*) filter (where w.outcome = ${source.outcome} and w.state in ('done', 'planned') and w.kind = ${kind})::int`;
}

/** The columns of archon_progress that metrics use. */
export type MeasuredOperation = {
  counters: Record<string, number>;
  started_at: Date | null;
  finished_at: Date | null;
  updated_at: Date;
};

/** The operation's current metrics. */
export async function readMetrics(sql: Sql, operationId: string): Promise<SyncMetrics> {
  const [row] = await sql<(MeasuredOperation & WorkTotals)[]>`
    select p.counters, p.started_at, p.finished_at, p.updated_at, work.*
    from archon_progress p cross join lateral (${workTotals(sql)}) work where p.operation_id = ${operationId}`;
  return row ? metricsOf(row, row) : toMetrics({});
}

/** An operation's metrics from its row and its work; after its end the metrics that were saved then. */
export function metricsOf(operation: MeasuredOperation, work: WorkTotals): SyncMetrics {
  const { counters, started_at: started, finished_at: finished } = operation;
  if (finished && counters.duration_ms !== undefined) return toMetrics(counters);
  const until = finished ?? work.last_work_at ?? operation.updated_at;
  return toMetrics({
    ...ofEachMetric((name) => work[name] + (counters[name] ?? 0)),
    duration_ms: started ? Math.max(0, until.getTime() - started.getTime()) : 0,
  });
}

function toMetrics(values: Partial<Record<keyof SyncMetrics, number>>): SyncMetrics {
  const duration_ms = values.duration_ms ?? 0;
  return {
    ...ofEachMetric((name) => values[name] ?? 0),
    duration: Math.round(duration_ms) / 1000,
    duration_ms,
  };
}
