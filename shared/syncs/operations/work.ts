import type { Sql } from "#shared/db/connect.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import { CLAIM_MS } from "./claims.ts";
import { later } from "#shared/syncs/later.ts";

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
        suspect = false, crashes = 0, enqueued_at = null, not_before = null, claimed_until = null, updated_at = excluded.updated_at
      where excluded.state = 'pending' and sync_work.state in ('done', 'failed', 'seen')
        and excluded.listed_version > sync_work.listed_version`;
}

/** Workers lost while they had claimed one page alone, before that page is given up in this operation. */
export const MAX_CRASHES = 4;

export type ClaimedWork = {
  pageId: string;
  title: string;
  listedVersion: number | null;
  attempts: number;
  /** Workers lost in this operation while they had claimed this page alone. */
  crashes: number;
};

/**
 * Claims the pages' open work for CLAIM_MS and counts an attempt; leaves out what is done, waits, is another's, or is a suspect
 * (see `claimSuspect`).
 */
export async function claimWork(
  sql: Sql,
  operationId: string,
  pageIds: readonly string[],
  now: Date,
): Promise<ClaimedWork[]> {
  return sql<ClaimedWork[]>`
    update sync_work set claimed_until = ${later(now, CLAIM_MS)}, claimed_alone = false, attempts = attempts + 1,
      updated_at = ${now}
    where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending' and not suspect
      and claimed_until is null and (not_before is null or not_before <= ${now})
    returning page_id as "pageId", title, listed_version as "listedVersion", attempts, crashes`;
}

/**
 * Claims one suspect of the operation, whichever has crashed fewest workers, and counts an attempt; null when none is due, or
 * another worker is at one. One at a time: a worker that is lost then is this page's doing and no other's. `untried`: only one
 * that has crashed none.
 */
export async function claimSuspect(
  sql: Sql,
  operationId: string,
  options: { untried: boolean; now: Date },
): Promise<ClaimedWork | null> {
  const { untried, now } = options;
  const [claimed] = await sql<ClaimedWork[]>`
    update sync_work set claimed_until = ${later(now, CLAIM_MS)}, claimed_alone = true, attempts = attempts + 1,
      updated_at = ${now}
    where operation_id = ${operationId} and page_id = (${nextSuspect(sql, operationId, untried, now)} for update skip locked)
    returning page_id as "pageId", title, listed_version as "listedVersion", attempts, crashes`;
  return claimed ?? null;
}

/** The suspect that `claimSuspect` would claim, or null. */
export async function findSuspect(sql: Sql, operationId: string, now: Date): Promise<string | null> {
  const [row] = await sql<{ page_id: string }[]>`${nextSuspect(sql, operationId, false, now)}`;
  return row?.page_id ?? null;
}

/** Lets the sweeper send the suspects' messages again, for a worker that cannot get to them. */
export async function requeueSuspects(sql: Sql, operationId: string): Promise<void> {
  await sql`
    update sync_work set enqueued_at = null
    where operation_id = ${operationId} and state = 'pending' and suspect and claimed_until is null`;
}

function nextSuspect(sql: Sql, operationId: string, untried: boolean, now: Date) {
  return sql`
    select page_id from sync_work
    where operation_id = ${operationId} and state = 'pending' and suspect and claimed_until is null
      and (crashes = 0 or not ${untried})
      and (not_before is null or not_before <= ${now})
      and not exists (select from sync_work other where other.operation_id = ${operationId} and other.state = 'pending'
        and other.suspect and other.claimed_until >= ${now})
    order by crashes, page_id limit 1`;
}

/**
 * Takes claims away from workers that are lost, by their time or (`all`) because nobody else works on this database; answers
 * how many. A claim of several pages makes each of them a suspect and is held against none; a claim of a page alone is.
 */
export async function releaseLostClaims(
  sql: Sql,
  lost: { operationId: string; now: Date } | "all",
): Promise<number> {
  const rows = await sql`
    update sync_work set claimed_until = null, enqueued_at = null, suspect = true, claimed_alone = false,
      crashes = crashes + claimed_alone::int
    where state = 'pending'
      and ${lost === "all" ? sql`claimed_until is not null` : sql`operation_id = ${lost.operationId} and claimed_until < ${lost.now}`}
    returning page_id`;
  return rows.length;
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
    update sync_work set claimed_until = null, claimed_alone = false, enqueued_at = null,
      not_before = ${options.notBefore}, updated_at = ${options.now},
      attempts = greatest(0, attempts - ${options.refund ? 1 : 0})
    where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'
      and (${options.mine} or claimed_until is null)`;
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
