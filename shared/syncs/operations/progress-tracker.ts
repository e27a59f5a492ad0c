import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import { failingWarning, type Failing, type Warning } from "./failing.ts";
import type { OperationType, SyncMode } from "./operation-types.ts";
import { plannedBy, type PlannedChange } from "./planned-changes.ts";
import { metricsOf, workTotals, type MeasuredOperation, type WorkTotals } from "./read-metrics.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";

/** The ProgressTracker of the specification: an operation's progress, counted from its work, readable at any time. */
export type OperationProgress = {
  operation_id: string;
  source_id: string;
  operation_type: OperationType;
  status: OperationStatus;
  /** What the operation is doing now, for people. */
  stage: string;
  mode: SyncMode | null;
  dry_run: boolean;
  actor: string;
  /** 0 to 100; never decreases. */
  percent: number;
  pages_listed: number;
  pages_to_process: number;
  pages_processed: number;
  chunks_per_second: number | null;
  /** Expected end at the present speed; null while unknown, and after the end. */
  eta: string | null;
  sync_metrics: SyncMetrics;
  /** The first NAMED_PAGES. */
  failed_pages: { page_id: string; title: string; code: string; message: string }[];
  /** The first NAMED_PAGES; none in a list of operations. */
  planned_changes: PlannedChange[];
  log: { at: string; message: string }[];
  error: { code: string; message: string } | null;
  warnings: Warning[];
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};

/** Failed pages and planned changes that an operation contains; the separate lists contain all of them. */
const NAMED_PAGES = 50;

/** One operation; null when it does not exist or its source is being deleted. */
export async function readProgress(sql: Sql, operationId: string): Promise<OperationProgress | null> {
  const [row] = await select(sql, sql`and p.operation_id = ${operationId}`, { plannedChanges: NAMED_PAGES });
  return row ? toProgress(row) : null;
}

/** The source's running operation, or its last one, or null. One for single pages only while it runs: what a sync reported stays. */
export async function latestProgress(sql: Sql, sourceId: string): Promise<OperationProgress | null> {
  const latest = sql`
    and p.source_id = ${sourceId}
    order by p.status = any(${RUNNING_STATUSES}) desc, p.operation_type = 'page_sync', p.created_at desc, p.operation_id limit 1`;
  const [row] = await select(sql, latest, { plannedChanges: NAMED_PAGES });
  return row ? toProgress(row) : null;
}

export type ProgressFilter = {
  sourceId?: string;
  type?: OperationType;
  running?: boolean;
  /** Only operations older than this one: the last of the previous page. */
  after?: { createdAt: Date; operationId: string };
  limit: number;
};

/** Operations, newest first, in one statement; without their planned changes. */
export async function listProgress(sql: Sql, filter: ProgressFilter): Promise<OperationProgress[]> {
  const listed = sql`
    ${filter.sourceId ? sql`and p.source_id = ${filter.sourceId}` : sql``}
    ${filter.type ? sql`and p.operation_type = ${filter.type}` : sql``}
    ${filter.running ? sql`and p.status = any(${RUNNING_STATUSES})` : sql``}
    ${filter.after ? sql`and (p.created_at, p.operation_id) < (${filter.after.createdAt}, ${filter.after.operationId})` : sql``}
    order by p.created_at desc, p.operation_id desc limit ${filter.limit}`;
  return (await select(sql, listed, { plannedChanges: 0 })).map(toProgress);
}

/** Percent done of the known work and of the pages still to be listed; at least `floor`, at most 99 until the end. */
export function percentDone(counts: { done: number; open: number; unlisted: number; floor: number }): number {
  const total = counts.done + counts.open + counts.unlisted;
  const computed = total === 0 ? 0 : Math.floor((100 * counts.done) / total);
  return Math.min(99, Math.max(counts.floor, computed));
}

export type WorkCount = { open: number; added: number; done: number };

/** How much of an operation's work is open and done now; `added`: how much of what is open this transaction added. */
export async function countWork(tx: Sql, operationId: string): Promise<WorkCount> {
  const [row] = await tx<WorkCount[]>`
    select count(*) filter (where state = 'pending')::int as open,
      count(*) filter (where state = 'pending' and xmin = pg_current_xact_id()::xid)::int as added,
      count(*) filter (where state in ('done', 'failed'))::int as done
    from sync_work where operation_id = ${operationId}`;
  return row ?? { open: 0, added: 0, done: 0 };
}

type ProgressRow = MeasuredOperation &
  WorkTotals &
  Pick<
    OperationProgress,
    | "operation_id"
    | "source_id"
    | "operation_type"
    | "status"
    | "mode"
    | "dry_run"
    | "actor"
    | "log"
    | "error"
    | "failed_pages"
    | "planned_changes"
  > & {
    checkpoint: { phase?: unknown };
    pages_expected: number;
    percent_floor: number;
    created_at: Date;
    listed_at: Date | null;
    failing: Failing | null;
  };

/** Selects operations with their counts. `chosen` continues the condition; its `limit` is applied before counting. */
function select(
  sql: Sql,
  chosen: postgres.PendingQuery<postgres.Row[]>,
  { plannedChanges }: { plannedChanges: number },
): Promise<ProgressRow[]> {
  return sql<ProgressRow[]>`
    with p as (
      select p.* from archon_progress p join archon_sources s using (source_id)
      where s.status <> 'deleting' ${chosen})
    select p.*, work.*, failed.pages as failed_pages, planned.changes as planned_changes
    from p
    cross join lateral (${workTotals(sql)}) work
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object('page_id', page_id, 'title', coalesce(title, ''),
        'code', coalesce(outcome, 'internal_error'), 'message', coalesce(reason, '')) order by page_id), '[]') as pages
      from (
        select w.page_id, c.title, w.outcome, w.reason from sync_work w
        left join confluence_pages c on c.source_id = w.source_id and c.page_id = w.page_id
        where w.operation_id = p.operation_id and w.state = 'failed' order by w.page_id limit ${NAMED_PAGES}) named
    ) failed
    cross join lateral (
      select coalesce(jsonb_agg(jsonb_build_object('page_id', page_id, 'kind', kind, 'title', title, 'url', url,
        'outcome', outcome, 'reason', reason) order by outcome, page_id), '[]') as changes
      from (${plannedBy(sql)} order by outcome, page_id limit ${plannedChanges}) named
    ) planned
    order by p.created_at desc, p.operation_id desc`;
}

function toProgress(row: ProgressRow): OperationProgress {
  const listed = row.counters.pages_listed ?? 0;
  const unlisted = row.listed_at ? 0 : Math.max(0, row.pages_expected - listed);
  const endedWell = row.finished_at !== null && row.status !== "failed" && row.status !== "cancelled";
  const metrics = metricsOf(row, row);
  return {
    operation_id: row.operation_id,
    source_id: row.source_id,
    operation_type: row.operation_type,
    status: row.status,
    stage: stageOf(row),
    mode: row.mode,
    dry_run: row.dry_run,
    actor: row.actor,
    percent: endedWell
      ? 100
      : percentDone({
          // Pages that need no work are done once they are listed.
          done: Math.max(row.done, listed - row.open),
          open: row.open,
          unlisted,
          floor: row.percent_floor,
        }),
    pages_listed: listed,
    pages_to_process: row.open,
    pages_processed: row.done,
    ...speed(row, metrics.chunks_added, unlisted),
    sync_metrics: metrics,
    failed_pages: row.failed_pages,
    planned_changes: row.planned_changes,
    log: row.log,
    error: row.error,
    warnings: row.failing ? [failingWarning(row.failing)] : [],
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
  };
}

/**
 * Speed and `eta` as of the last stored page, not of the time of reading: a response that changes only when something happened
 * keeps its ETag.
 */
function speed(
  row: ProgressRow,
  chunksAdded: number,
  unlisted: number,
): { chunks_per_second: number | null; eta: string | null } {
  const lastAt = row.finished_at ?? row.last_work_at;
  if (!row.started_at || !lastAt || row.done === 0) return { chunks_per_second: null, eta: null };
  const seconds = Math.max(0.001, (lastAt.getTime() - row.started_at.getTime()) / 1000);
  const eta = row.finished_at
    ? null
    : new Date(lastAt.getTime() + (1000 * seconds * (row.open + unlisted)) / row.done);
  return {
    chunks_per_second: Math.round((10 * chunksAdded) / seconds) / 10,
    eta: eta?.toISOString() ?? null,
  };
}

function stageOf(row: ProgressRow): string {
  if (row.status !== "listing") return row.status;
  return typeof row.checkpoint.phase === "string" ? row.checkpoint.phase : "listing";
}
