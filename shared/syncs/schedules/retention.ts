import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Work rows of an ended operation that changed nothing: they are not read afterwards. */
const SETTLED_WORK_MS = DAY_MS;
/** Days for which the sweeper may have been off, or behind, after which it still finds whose texts are to be removed. */
const FORGOTTEN_DAYS = 30;
/** Rows that one statement removes: locks stay short whatever has accumulated. */
const BATCH = 5000;

/** Days for which ended operations, with what pages were before, what they changed, and sent events are kept. */
export type Retention = { operationDays: number; changeDays: number; eventDays: number };

/**
 * Removes a bounded number of expired rows; returns how many. The last sync and the last deletion check of a source stay whatever
 * their age: they decide when the next one is due, and the source's status shows them. Unsent events stay too. Of deleted
 * files the extracted text goes, and of deleted pages the comments, as long after the deletion as what an operation changed: a page or file
 * that is restored before is made from them.
 */
export async function removeExpired(sql: Sql, keep: Retention, now: Date): Promise<number> {
  const ended = later(now, -keep.operationDays * DAY_MS);
  const [row] = await sql<{ removed: number }[]>`
    with settled as (
      delete from sync_work where (operation_id, page_id) in (
        select w.operation_id, w.page_id from archon_progress p join sync_work w using (operation_id)
        -- Not of older ones: what they changed would be read again by each sweep.
        where p.finished_at < ${later(now, -SETTLED_WORK_MS)} and p.finished_at >= ${later(now, -2 * SETTLED_WORK_MS)}
          and w.state in ('done', 'seen', 'pending') and (w.state = 'pending' or w.outcome is null or w.outcome in ('unchanged', 'skipped'))
        limit ${BATCH})
      returning 1),
    changes as (
      delete from sync_work where (operation_id, page_id) in (
        select w.operation_id, w.page_id from archon_progress p join sync_work w using (operation_id)
        where p.finished_at < ${later(now, -keep.changeDays * DAY_MS)} and w.state in ('done', 'seen', 'pending')
        limit ${BATCH})
      returning 1),
    operations as (
      delete from archon_progress where operation_id in (
        select operation_id from archon_progress o
        where finished_at < ${ended} and (dry_run or exists (
          select from archon_progress newer
          where newer.source_id = o.source_id and newer.operation_type = o.operation_type
            and newer.created_at > o.created_at and not newer.dry_run))
        limit ${BATCH / 10})
      returning 1),
    chunks as (
      delete from page_previous_chunks where (source_id, page_id) in (
        select source_id, page_id from page_previous_chunks where replaced_at < ${ended} limit ${BATCH / 10} for update skip locked)
      returning 1),
    texts as (
      delete from attachment_texts where (source_id, attachment_id) in (
        select t.source_id, t.attachment_id from (${goneFor(sql, keep.changeDays, now)}) g
        join attachment_texts t on t.source_id = g.source_id and t.attachment_id = g.page_id limit ${BATCH / 10})
      returning 1),
    comments as (
      delete from confluence_comments where (source_id, comment_id) in (
        select m.source_id, m.comment_id from (${goneFor(sql, keep.changeDays, now)}) g
        join confluence_comments m on m.source_id = g.source_id and m.container_id = g.page_id limit ${BATCH})
      returning 1),
    events as (
      delete from event_outbox where id in (
        select id from event_outbox where sent_at < ${later(now, -keep.eventDays * DAY_MS)} limit ${BATCH})
      returning 1)
    select (select count(*) from settled)::int + (select count(*) from changes)::int + (select count(*) from operations)::int
      + (select count(*) from chunks)::int + (select count(*) from texts)::int + (select count(*) from comments)::int
      + (select count(*) from events)::int as removed`;
  return row?.removed ?? 0;
}

/** Pages that have been deleted for so many days, after which they are not expected to be restored. */
function goneFor(sql: Sql, days: number, now: Date) {
  return sql`
    select p.source_id, p.page_id from confluence_pages p
    where p.is_deleted and p.deleted_at < ${later(now, -days * DAY_MS)}
      -- What is older was removed by an earlier sweep.
      and p.deleted_at >= ${later(now, -(days + FORGOTTEN_DAYS) * DAY_MS)} offset 0`;
}
