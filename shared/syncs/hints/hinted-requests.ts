import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";
import { hasWaitingNews } from "#shared/syncs/pulse/hits.ts";
import { wantCheck } from "#shared/syncs/schedules/want-check.ts";
import {
  insertOperation,
  type InsertedOperation,
  type StartRequest,
} from "#shared/syncs/operations/start-operation.ts";
import { isReplaceable, MAX_WAITING } from "./page-hints.ts";

/** With more pages waiting, one listing of what changed and one of the space cost less than asking for each. */
export const STORM_PAGES = 200;
/** Until a sync that replaces hints lists what changed, the search index shows most of it. */
const STORM_DELAY_MS = 30_000;
/** Pages that could not be asked for are tried again after this time. */
const FAILED_PAUSE_MS = 15 * 60_000;

/** The pulse starts a sync for what it found, unless the source is busy; after this time it has its turn before further hints. */
const NEWS_WAIT_MS = 60_000;

/** An operation for the pages that wait; `replacesHints`: it lists them without being told which they are. */
export type HintedRequest = StartRequest & { replacesHints: boolean };

type HintedRow = {
  source_id: string;
  waiting: number;
  due_at: Date;
  sync_is_due: boolean;
  news_wait: boolean;
};

/**
 * The operations that may start now for sources with hints (of all, or of these), longest waiting first. A source is synced as a
 * whole before the first hint counts. A sync that is due by its interval, or that a pulse waits for, goes first, so that hints never keep
 * it waiting.
 */
export async function hintedRequests(
  sql: Sql,
  options: { sourceIds?: readonly string[]; now: Date; limit: number },
): Promise<HintedRequest[]> {
  const { sourceIds, now, limit } = options;
  const rows = await sql<HintedRow[]>`
    select s.source_id, h.waiting, h.due_at, coalesce(last.started + make_interval(mins => s.sync_interval_minutes) <= ${now}, false) as sync_is_due,
      ${hasWaitingNews(sql, { before: later(now, -NEWS_WAIT_MS), now })} as news_wait
    from (
      select source_id, (count(*) filter (where ${isReplaceable(sql)}))::int as waiting, min(due_at) as due_at from page_hints
      ${sourceIds ? sql`where source_id = any(${sourceIds as string[]})` : sql``} group by source_id) h
    join archon_sources s using (source_id) join confluence_sites c using (site_id)
    cross join lateral (
      select max(p.created_at) filter (where p.operation_type = 'confluence_sync' and not p.dry_run) as started,
        bool_or(p.operation_type = 'page_sync' and p.status = 'failed' and p.finished_at > ${later(now, -FAILED_PAUSE_MS)}) as failed
      from archon_progress p where p.source_id = s.source_id) last
    where c.status = 'active' and s.status = 'active' and s.metadata ->> 'last_sync_timestamp' is not null
      and (c.paused_until is null or c.paused_until <= ${now}) and (s.lease_until is null or s.lease_until <= ${now})
      and not coalesce(last.failed, false)
    order by h.due_at, s.source_id limit ${limit}`;
  return rows.map((row) => toRequest(row, now));
}

function toRequest(
  { source_id: sourceId, waiting, due_at, sync_is_due, news_wait }: HintedRow,
  now: Date,
): HintedRequest {
  if (sync_is_due) return { type: "confluence_sync", sourceId, actor: "schedule", replacesHints: false };
  if (news_wait) return { type: "confluence_sync", sourceId, actor: "pulse", replacesHints: false };
  if (waiting > STORM_PAGES) {
    const notBefore = later(now, STORM_DELAY_MS);
    return { type: "confluence_sync", sourceId, actor: "hook", replacesHints: true, notBefore };
  }
  const notBefore = due_at > now ? due_at : null;
  return { type: "page_sync", sourceId, actor: "hook", replacesHints: false, notBefore };
}

/**
 * Inserts such an operation; the hints that it replaces go with it. Its search for what changed shows neither pages that went nor pages
 * that were moved, so a check is recorded as wanted in the place of announcements; pages to be rendered again need none.
 */
export async function insertHinted(
  tx: Sql,
  request: HintedRequest,
  ids: { operationId: string; now: Date },
): Promise<InsertedOperation> {
  const inserted = await insertOperation(tx, { ...request, ...ids });
  if (inserted.started && request.replacesHints) {
    const replaced = await tx<{ reasons: string[] }[]>`
      delete from page_hints where source_id = ${request.sourceId} and ${isReplaceable(tx)} returning reasons`;
    const isAnnounced = replaced.some(({ reasons }) => reasons.some((reason) => reason !== "shows_gone"));
    // With so many there may have been no room for announcements.
    if (isAnnounced || replaced.length >= MAX_WAITING) await wantCheck(tx, request.sourceId, ids.now);
  }
  return inserted;
}
