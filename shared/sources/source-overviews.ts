import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";
import { containsPattern } from "#shared/db/contains-pattern.ts";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import type { OperationType, SyncMode } from "#shared/syncs/operations/operation-types.ts";
import type { Source } from "./source.ts";
import { sourceColumns, sourcesWithSites, toSource, type SourceRow } from "./source-rows.ts";

/** An operation as a source's overview names it. */
export type OperationSummary = {
  operationId: string;
  status: OperationStatus;
  mode: SyncMode | null;
  createdAt: Date;
  finishedAt: Date | null;
  error: { code: string; message: string } | null;
};

export type SweepFailure = { code: string; message: string; since: string; failures: number };

/** A source with what a dashboard shows of it. */
export type SourceOverview = Source & {
  /** Pages that search finds. Like the other counts, of what the reader may see. */
  pageCount: number;
  chunkCount: number;
  failedPageCount: number;
  /** The commonest reason of those pages. */
  failedPageCode: string | null;
  hiddenPageCount: number;
  deletedPageCount: number;
  /** The sweep of its rights; `error`: {code, message, since, failures}; `counters`: of the last complete one. Null: it has none. */
  sweep: {
    dueAt: Date;
    startedAt: Date | null;
    completedAt: Date | null;
    error: SweepFailure | null;
    counters: Record<string, number>;
  } | null;
  /** Why the groups and accounts of its site cannot be read, while they cannot. */
  directoryError: SweepFailure | null;
  /** Pages stored without what their macros render. */
  unrenderedPageCount: number;
  /** `failing`: as `archon_progress.failing` stores it; syncs know its shape. */
  running: { operationId: string; status: OperationStatus; failing: unknown } | null;
  /** The last sync that was not a dry run, running or ended. */
  lastSync: OperationSummary | null;
  /** Likewise of the deletion checks. */
  lastCheck: OperationSummary | null;
};

/** The source with its counts, for operators; or null: also when it is being deleted. */
export async function getSourceOverview(sql: Sql, sourceId: string): Promise<SourceOverview | null> {
  const [row] = await sql<OverviewRow[]>`
    ${selectOverviews(sql, null)} where s.status <> 'deleting' and s.source_id = ${sourceId}`;
  return row ? toOverview(row) : null;
}

/** Sources in the order in which they were made, from behind `after`, for operators. */
export async function listSources(
  sql: Sql,
  options: { after: { createdAt: Date; sourceId: string } | null; limit: number },
): Promise<SourceOverview[]> {
  const { after, limit } = options;
  const rows = await sql<OverviewRow[]>`
    ${selectOverviews(sql, null)} where s.status <> 'deleting'
      ${after ? sql`and (s.created_at, s.source_id) > (${after.createdAt}, ${after.sourceId})` : sql``}
    order by s.created_at, s.source_id limit ${limit}`;
  return rows.map(toOverview);
}

export type SourcePageRequest = {
  search: string | null;
  knowledgeType: string | null;
  order: "created" | "updated";
  limit: number;
  offset: number;
  readable: Readable | null;
};

/** A numbered page of the sources that the reader may see, with counts of what they may read, and how many there are in all. */
export async function pageOfSources(
  sql: Sql,
  request: SourcePageRequest,
): Promise<{ sources: SourceOverview[]; total: number }> {
  const { search, knowledgeType, readable } = request;
  const pattern = search === null ? null : containsPattern(search);
  const where = sql`${whereListed(sql, readable)}
    and (${pattern}::text is null or s.title ilike ${pattern} or s.space_key ilike ${pattern} or s.source_id ilike ${pattern})
    and ${knowledgeType === null ? sql`true` : isOfType(sql, knowledgeType)}`;
  const [count] = await sql<
    { total: number }[]
  >`select count(*)::int as total from archon_sources s ${where}`;
  const rows = await sql<OverviewRow[]>`
    ${selectOverviews(sql, readable)} ${where}
    order by ${request.order === "updated" ? sql`s.updated_at desc` : sql`s.created_at`}, s.source_id
    limit ${request.limit} offset ${request.offset}`;
  return { sources: rows.map(toOverview), total: count?.total ?? 0 };
}

/**
 * Sources that the reader may see and whose title, space or key contains a text, in the order in which they were made, from behind
 * `after`, with counts of what they may read; and how many there are in all.
 */
export async function findSpacesAfter(
  sql: Sql,
  request: {
    contains: string | null;
    after: { createdAt: Date; sourceId: string } | null;
    limit: number;
    readable: Readable | null;
  },
): Promise<{ sources: SourceOverview[]; total: number }> {
  const { contains, after, readable } = request;
  const pattern = contains === null ? null : containsPattern(contains);
  const where = sql`${whereListed(sql, readable)}
    and (${pattern}::text is null or s.title ilike ${pattern} or s.space_key ilike ${pattern} or s.space_name ilike ${pattern})`;
  const [count] = await sql<
    { total: number }[]
  >`select count(*)::int as total from archon_sources s ${where}`;
  const rows = await sql<OverviewRow[]>`
    ${selectOverviews(sql, readable)} ${where}
      ${after ? sql`and (s.created_at, s.source_id) > (${after.createdAt}, ${after.sourceId})` : sql``}
    order by s.created_at, s.source_id limit ${request.limit}`;
  return { sources: rows.map(toOverview), total: count?.total ?? 0 };
}

function whereListed(sql: Sql, readable: Readable | null) {
  return sql`where s.status <> 'deleting' and is_readable_source(s.source_id, ${readableArguments(sql, readable)})`;
}

/** Ids of the sources of this knowledge type. */
export async function sourcesOfType(sql: Sql, knowledgeType: string): Promise<string[]> {
  const rows = await sql<{ source_id: string }[]>`
    select source_id from archon_sources s
    where s.status <> 'deleting' and ${isOfType(sql, knowledgeType)}`;
  return rows.map((row) => row.source_id);
}

function isOfType(sql: Sql, knowledgeType: string) {
  return sql`coalesce(s.metadata ->> 'knowledge_type', ${DEFAULT_KNOWLEDGE_TYPE}) = ${knowledgeType}`;
}

/** Of sources without another one. */
export const DEFAULT_KNOWLEDGE_TYPE = "technical";

type OverviewRow = SourceRow &
  Omit<SourceOverview, keyof Source | "lastSync" | "lastCheck" | "sweep"> & {
    sweep: SweepRow | null;
    lastSync: OperationRow | null;
    lastCheck: OperationRow | null;
  };
type SweepRow = Record<"dueAt", string> &
  Record<"startedAt" | "completedAt", string | null> & {
    error: SweepFailure | null;
    counters: Record<string, number>;
  };
type OperationRow = Omit<OperationSummary, "createdAt" | "finishedAt"> & {
  createdAt: string;
  finishedAt: string | null;
};

function selectOverviews(sql: Sql, readable: Readable | null) {
  return sql`
    select ${sourceColumns(sql)}, pages.*, operations.*, c.directory_error as "directoryError",
      (select jsonb_build_object('dueAt', due_at, 'startedAt', started_at, 'completedAt', completed_at, 'error', error, 'counters', counters)
        from access_sweeps w where w.source_id = s.source_id) as sweep
    from ${sourcesWithSites(sql)}
    cross join lateral (
      select
        count(*) filter (where is_findable(p) and kind in ('page', 'blogpost'))::int as "pageCount",
        coalesce(sum(chunk_count) filter (where not is_deleted), 0)::int as "chunkCount",
        count(*) filter (where sync_error is not null and not is_deleted)::int as "failedPageCount",
        mode() within group (order by sync_error ->> 'code')
          filter (where sync_error is not null and not is_deleted) as "failedPageCode",
        count(*) filter (where missing_since is not null and not is_deleted and kind in ('page', 'blogpost'))::int as "hiddenPageCount",
        count(*) filter (where is_deleted and kind in ('page', 'blogpost'))::int as "deletedPageCount",
        count(*) filter (where rendered_missing is not null and not is_deleted)::int as "unrenderedPageCount"
      from confluence_pages p where p.source_id = s.source_id and is_readable(p, ${readableArguments(sql, readable)})
    ) pages
    cross join lateral (
      select
        (select jsonb_build_object('operationId', r.operation_id, 'status', r.status, 'failing', r.failing)
          from archon_progress r
          where r.operation_id = s.lease_operation_id and r.status = any(${RUNNING_STATUSES})) as running,
        ${lastOperation(sql, "confluence_sync")} as "lastSync",
        ${lastOperation(sql, "deletion_check")} as "lastCheck"
    ) operations`;
}

function lastOperation(sql: Sql, type: OperationType) {
  return sql`(
    select jsonb_build_object('operationId', o.operation_id, 'status', o.status, 'mode', o.mode, 'error', o.error,
      'createdAt', o.created_at, 'finishedAt', o.finished_at)
    from archon_progress o
    where o.source_id = s.source_id and o.operation_type = ${type} and not o.dry_run
    order by o.created_at desc, o.operation_id limit 1)`;
}

function toOverview({ lastSync, lastCheck, sweep, ...row }: OverviewRow): SourceOverview {
  return {
    ...row,
    ...toSource(row),
    sweep: toSweep(sweep),
    lastSync: toOperation(lastSync),
    lastCheck: toOperation(lastCheck),
  };
}

function toSweep(row: SweepRow | null): SourceOverview["sweep"] {
  if (!row) return null;
  const { dueAt, startedAt, completedAt, ...others } = row;
  return {
    ...others,
    dueAt: new Date(dueAt),
    startedAt: startedAt === null ? null : new Date(startedAt),
    completedAt: completedAt === null ? null : new Date(completedAt),
  };
}

function toOperation(row: OperationRow | null): OperationSummary | null {
  if (!row) return null;
  return {
    ...row,
    createdAt: new Date(row.createdAt),
    finishedAt: row.finishedAt === null ? null : new Date(row.finishedAt),
  };
}
