import type { Sql } from "#shared/db/connect.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import { CLAIM_MS, later } from "./operations.ts";

/**
 * SQL of sync_work: one row a page and operation. A page message only says "look at this row"; what happens to the page is
 * decided by who claims the row, so a message that comes twice, late or never changes nothing.
 */

export type WorkState = "pending" | "done" | "failed" | "seen" | "candidate" | "planned";
export type WorkOutcome =
  | "added"
  | "updated"
  | "unchanged"
  | "moved"
  | "deleted"
  | "hidden"
  | "restored"
  | "skipped";

export type WorkItem = {
  pageId: string;
  title: string;
  state: WorkState;
  outcome: WorkOutcome | null;
  reason: string;
  listedVersion: number | null;
};

/** Records what a listing found. A page listed twice keeps its first row, unless the second sighting is of a newer version. */
export async function addWork(
  tx: Sql,
  operation: { operationId: string; sourceId: string },
  items: readonly WorkItem[],
  now: Date,
): Promise<void> {
  if (items.length === 0) return;
  const rows = items.map((item) => ({
    page_id: item.pageId,
    title: item.title,
    state: item.state,
    outcome: item.outcome,
    reason: item.reason,
    listed_version: item.listedVersion,
  }));
  await tx`
    insert into sync_work (operation_id, source_id, page_id, title, state, outcome, reason, listed_version, updated_at)
    select ${operation.operationId}, ${operation.sourceId}, page_id, title, state, outcome, reason, listed_version, ${now}
    from jsonb_to_recordset(${tx.json(rows)})
      as row (page_id text, title text, state text, outcome text, reason text, listed_version integer)
    on conflict (operation_id, page_id) do update
      set state = 'pending', reason = excluded.reason, listed_version = excluded.listed_version, attempts = 0,
        enqueued_at = null, not_before = null, claimed_until = null, updated_at = excluded.updated_at
      where excluded.state = 'pending' and sync_work.state in ('done', 'failed', 'seen')
        and excluded.listed_version > sync_work.listed_version`;
}

export type ClaimedWork = {
  pageId: string;
  title: string;
  listedVersion: number | null;
  attempts: number;
  /** Workers that claimed the page in this operation and were never heard of again. */
  deaths: number;
};

/**
 * Claims the pages' open work for CLAIM_MS and counts an attempt; leaves out what is done, waits, or is another's. A claim
 * that has run out is taken over: its worker died.
 */
export async function claimWork(
  sql: Sql,
  operationId: string,
  pageIds: readonly string[],
  now: Date,
): Promise<ClaimedWork[]> {
  return sql<ClaimedWork[]>`
    update sync_work set claimed_until = ${later(now, CLAIM_MS)}, attempts = attempts + 1, updated_at = ${now},
      counters = ${countDeath(sql)}
    where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'
      and (claimed_until is null or claimed_until < ${now}) and (not_before is null or not_before <= ${now})
    returning page_id as "pageId", title, listed_version as "listedVersion", attempts,
      coalesce((counters ->> 'deaths')::int, 0) as deaths`;
}

/** The row's counters, with one death more when its claim was never given back: for updates that take the claim away. */
export function countDeath(sql: Sql) {
  return sql`case when claimed_until is null then counters
    else counters || jsonb_build_object('deaths', coalesce((counters ->> 'deaths')::int, 0) + 1) end`;
}

/** Ends a page's work, in the transaction that stores (or refuses) the page; false when it had ended before. */
export async function completeWork(
  tx: Sql,
  work: { operationId: string; pageId: string },
  result: {
    state: "done" | "failed";
    outcome: string;
    reason: string | null;
    counters: Record<string, number>;
    now: Date;
  },
): Promise<boolean> {
  const rows = await tx`
    update sync_work set state = ${result.state}, outcome = ${result.outcome}, reason = coalesce(${result.reason}, reason),
      counters = ${tx.json(result.counters)}, claimed_until = null, updated_at = ${result.now}
    where operation_id = ${work.operationId} and page_id = ${work.pageId} and state = 'pending'
    returning page_id`;
  return rows.length > 0;
}

/**
 * Puts work back, to be sent again from `notBefore` on. `mine`: the caller holds the claims; else rows that another worker is
 * at are left to it. Waiting (`refund`) spends no attempt.
 */
export async function postponeWork(
  sql: Sql,
  operationId: string,
  pageIds: readonly string[],
  options: { notBefore: Date; mine: boolean; refund: boolean; now: Date },
): Promise<void> {
  if (pageIds.length === 0) return;
  await sql`
    update sync_work set claimed_until = null, enqueued_at = null, not_before = ${options.notBefore}, updated_at = ${options.now},
      attempts = greatest(0, attempts - ${options.refund ? 1 : 0})
    where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'
      and (${options.mine} or claimed_until is null or claimed_until < ${options.now})`;
}

/** Rows a sending round takes at a time. */
const SEND_BATCH = 500;

/**
 * Sends a message for each row that was never sent (or was put back), then notes it. Dying in between sends some twice, which
 * is harmless; dying before leaves them to the sweeper.
 */
export async function sendWork(
  sql: Sql,
  queue: TaskQueue,
  operation: { operationId: string; sourceId: string },
  now: Date,
): Promise<number> {
  let sent = 0;
  for (;;) {
    const rows = await sql<{ page_id: string }[]>`
      select page_id from sync_work
      where operation_id = ${operation.operationId} and state = 'pending' and enqueued_at is null and claimed_until is null
        and (not_before is null or not_before <= ${now})
      order by page_id limit ${SEND_BATCH}`;
    await sendPages(
      sql,
      queue,
      operation,
      rows.map((row) => row.page_id),
      { now, delaySeconds: 0 },
    );
    sent += rows.length;
    if (rows.length < SEND_BATCH) return sent;
  }
}

/** Sends these pages' messages, visible after `delaySeconds`, and notes that they were sent. */
export async function sendPages(
  sql: Sql,
  queue: TaskQueue,
  operation: { operationId: string; sourceId: string },
  pageIds: readonly string[],
  options: { now: Date; delaySeconds: number },
): Promise<void> {
  if (pageIds.length === 0) return;
  const tasks = pageIds.map((pageId) => ({
    operation_id: operation.operationId,
    source_id: operation.sourceId,
    page_id: pageId,
  }));
  await queue.send("page", tasks, { delaySeconds: options.delaySeconds });
  await sql`
    update sync_work set enqueued_at = ${options.now}
    where operation_id = ${operation.operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'`;
}
