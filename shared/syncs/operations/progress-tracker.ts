import type { Sql } from "#shared/db/connect.ts";
import type postgres from "postgres";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import { failingWarning, type Warning } from "./failing.ts";
import type { OperationType, SyncMode } from "./operations.ts";
import { readMetrics, type SyncMetrics } from "./sync-metrics.ts";

/** The ProgressTracker of the specification: what an operation has done, counted from its work, readable at any time. */
export type OperationProgress = {
  operation_id: string;
  source_id: string;
  operation_type: OperationType;
  status: OperationStatus;
  /** What it is doing now, for people. */
  stage: string;
  mode: SyncMode | null;
  dry_run: boolean;
  actor: string;
  /** 0 to 100; never goes back. */
  percent: number;
  pages_listed: number;
  pages_to_process: number;
  pages_processed: number;
  chunks_per_second: number | null;
  /** The instant at which it should be done at its present speed; null while unknown or ended. */
  eta: string | null;
  sync_metrics: SyncMetrics;
  failed_pages: { page_id: string; title: string; code: string; message: string }[];
  /** What a dry run would do, and what a held check would delete or hide: the first PLANNED_CHANGES. */
  planned_changes: { page_id: string; title: string; outcome: string; reason: string }[];
  log: { at: string; message: string }[];
  error: { code: string; message: string } | null;
  warnings: Warning[];
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
};

/** Failed pages that an answer names; all of them are in the pages list with `status=failed`. */
const NAMED_FAILURES = 50;

/** Planned changes that an answer names. */
const PLANNED_CHANGES = 200;

/** One operation, or null. */
export async function readProgress(sql: Sql, operationId: string): Promise<OperationProgress | null> {
  const [row] = await sql`select * from archon_progress where operation_id = ${operationId}`;
  return row ? toProgress(sql, row) : null;
}

/** The source's running operation, else its last one, else null. */
export async function latestProgress(sql: Sql, sourceId: string): Promise<OperationProgress | null> {
  const [row] = await sql`
    select * from archon_progress where source_id = ${sourceId}
    order by status = any(${RUNNING_STATUSES}) desc, created_at desc, operation_id limit 1`;
  return row ? toProgress(sql, row) : null;
}

export type ProgressFilter = {
  sourceId?: string;
  type?: OperationType;
  running?: boolean;
  /** Only operations older than this one: the last of the page before. */
  after?: { createdAt: Date; operationId: string };
  limit: number;
};

/** Operations, newest first; without their failed pages. */
export async function listProgress(sql: Sql, filter: ProgressFilter): Promise<OperationProgress[]> {
  const rows = await sql`
    select p.* from archon_progress p join archon_sources s using (source_id)
    where s.status <> 'deleting'
      ${filter.sourceId ? sql`and p.source_id = ${filter.sourceId}` : sql``}
      ${filter.type ? sql`and p.operation_type = ${filter.type}` : sql``}
      ${filter.running ? sql`and p.status = any(${RUNNING_STATUSES})` : sql``}
      ${filter.after ? sql`and (p.created_at, p.operation_id) < (${filter.after.createdAt}, ${filter.after.operationId})` : sql``}
    order by p.created_at desc, p.operation_id desc limit ${filter.limit}`;
  return Promise.all(rows.map((row) => toProgress(sql, row)));
}

/** Percent done: of the work known and of the pages that a listing has still to show; at least `floor`, 99 until it ends. */
export function percentDone(counts: { done: number; open: number; unlisted: number; floor: number }): number {
  const total = counts.done + counts.open + counts.unlisted;
  const computed = total === 0 ? 0 : Math.floor((100 * counts.done) / total);
  return Math.min(99, Math.max(counts.floor, computed));
}

/** What is open and done of an operation's work now. */
export async function countWork(
  sql: Sql,
  operationId: string,
): Promise<{ open: number; done: number; seen: number }> {
  const [row] = await sql<{ open: number; done: number; seen: number }[]>`
    select count(*) filter (where state = 'pending')::int as open,
      count(*) filter (where state in ('done', 'failed'))::int as done,
      count(*) filter (where state = 'seen')::int as seen
    from sync_work where operation_id = ${operationId}`;
  return row ?? { open: 0, done: 0, seen: 0 };
}

async function toProgress(sql: Sql, row: postgres.Row): Promise<OperationProgress> {
  const ended = row.finished_at !== null;
  const work = await countWork(sql, row.operation_id);
  const { lastWorkAt, ...metrics } = await readMetrics(sql, row.operation_id);
  const failed = await failedPages(sql, row.operation_id);
  const planned = row.dry_run || row.status === "held" ? await plannedChanges(sql, row.operation_id) : [];
  const listed = Number(row.counters.pages_listed ?? 0);
  const unlisted = row.listed_at ? 0 : Math.max(0, Number(row.counters.pages_expected ?? 0) - listed);
  // Pages that need nothing are done by being listed.
  const done = work.done + Math.max(0, listed - work.done - work.open);
  const percent = ended
    ? row.status === "failed" || row.status === "cancelled"
      ? percentDone({ done, open: work.open, unlisted, floor: Number(row.counters.percent_floor ?? 0) })
      : 100
    : percentDone({ done, open: work.open, unlisted, floor: Number(row.counters.percent_floor ?? 0) });
  return {
    operation_id: row.operation_id,
    source_id: row.source_id,
    operation_type: row.operation_type,
    status: row.status,
    stage: stageOf(row),
    mode: row.mode,
    dry_run: row.dry_run,
    actor: row.actor,
    percent,
    pages_listed: listed,
    pages_to_process: work.open,
    pages_processed: work.done,
    ...speed(row, work, { ...metrics, lastWorkAt }, unlisted),
    sync_metrics: metrics,
    failed_pages: failed,
    planned_changes: planned,
    log: row.log,
    error: row.error,
    warnings: row.failing ? [failingWarning(row.failing)] : [],
    created_at: row.created_at.toISOString(),
    started_at: row.started_at?.toISOString() ?? null,
    finished_at: row.finished_at?.toISOString() ?? null,
  };
}

/**
 * Speed and `eta` as of the last page stored, not of the time of reading: an answer that changes only when something happened
 * keeps its ETag.
 */
function speed(
  row: postgres.Row,
  work: { open: number; done: number },
  metrics: SyncMetrics & { lastWorkAt: Date | null },
  unlisted: number,
): { chunks_per_second: number | null; eta: string | null } {
  const lastAt: Date | null = row.finished_at ?? metrics.lastWorkAt;
  if (!row.started_at || !lastAt || work.done === 0) return { chunks_per_second: null, eta: null };
  const seconds = Math.max(0.001, (lastAt.getTime() - row.started_at.getTime()) / 1000);
  const eta = row.finished_at
    ? null
    : new Date(lastAt.getTime() + (1000 * seconds * (work.open + unlisted)) / work.done);
  return {
    chunks_per_second: Math.round((10 * metrics.chunks_added) / seconds) / 10,
    eta: eta?.toISOString() ?? null,
  };
}

function stageOf(row: postgres.Row): string {
  if (row.status !== "listing") return row.status;
  return typeof row.checkpoint.phase === "string" ? row.checkpoint.phase : "listing";
}

async function plannedChanges(sql: Sql, operationId: string): Promise<OperationProgress["planned_changes"]> {
  return sql<OperationProgress["planned_changes"]>`
    select page_id, title, outcome, reason from sync_work
    where operation_id = ${operationId} and state in ('planned', 'candidate') and outcome is not null
    order by outcome, page_id limit ${PLANNED_CHANGES}`;
}

async function failedPages(sql: Sql, operationId: string): Promise<OperationProgress["failed_pages"]> {
  const rows = await sql<
    { page_id: string; title: string | null; code: string | null; reason: string | null }[]
  >`
    select w.page_id, p.title, w.outcome as code, w.reason
    from sync_work w left join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
    where w.operation_id = ${operationId} and w.state = 'failed' order by w.page_id limit ${NAMED_FAILURES}`;
  return rows.map((row) => ({
    page_id: row.page_id,
    title: row.title ?? "",
    code: row.code ?? "internal_error",
    message: row.reason ?? "",
  }));
}
