import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Work rows of an ended operation that changed nothing: they are not read afterwards. */
const SETTLED_WORK_MS = DAY_MS;
/** Rows that one statement removes: locks stay short whatever has accumulated. */
const BATCH = 5000;

/** Days for which ended operations, with what pages were before, what they changed, and sent events are kept. */
export type Retention = { operationDays: number; changeDays: number; eventDays: number };

/**
 * Removes a bounded number of expired rows; returns how many. The last sync and the last deletion check of a source stay whatever
 * their age: they decide when the next one is due, and the source's status shows them. Unsent events stay too.
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
    events as (
      delete from event_outbox where id in (
        select id from event_outbox where sent_at < ${later(now, -keep.eventDays * DAY_MS)} limit ${BATCH})
      returning 1)
    select (select count(*) from settled)::int + (select count(*) from changes)::int + (select count(*) from operations)::int
      + (select count(*) from chunks)::int + (select count(*) from events)::int as removed`;
  return row?.removed ?? 0;
}
