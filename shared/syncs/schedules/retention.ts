import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/operations/operations.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Work rows of an ended operation: only failures and planned changes are read afterwards. */
const SETTLED_WORK_MS = DAY_MS;
const OPERATIONS_MS = 90 * DAY_MS;
const SENT_EVENTS_MS = 7 * DAY_MS;
/** Rows that one statement removes: short locks, whatever has piled up. */
const BATCH = 5000;

/** Removes a bounded number of rows that nobody reads any more; answers how many. */
export async function removeExpired(sql: Sql, now: Date): Promise<number> {
  const [row] = await sql<{ removed: number }[]>`
    with work as (
      delete from sync_work where (operation_id, page_id) in (
        select w.operation_id, w.page_id from archon_progress p join sync_work w using (operation_id)
        where p.finished_at < ${later(now, -SETTLED_WORK_MS)} and w.state in ('done', 'seen', 'pending')
        limit ${BATCH})
      returning 1),
    operations as (
      delete from archon_progress where operation_id in (
        select operation_id from archon_progress where finished_at < ${later(now, -OPERATIONS_MS)} limit ${BATCH / 10})
      returning 1),
    events as (
      delete from event_outbox where id in (
        select id from event_outbox where sent_at < ${later(now, -SENT_EVENTS_MS)} limit ${BATCH})
      returning 1)
    select (select count(*) from work)::int + (select count(*) from operations)::int + (select count(*) from events)::int as removed`;
  return row?.removed ?? 0;
}
