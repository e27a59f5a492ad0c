import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";
import type { QueueName } from "#shared/messages.ts";
import type { WorkKind } from "./work.ts";
import { CLAIM_MS } from "./claims.ts";

/** A file may take three minutes (infra/topology.ts). */
const FILE_CLAIM_MS = 240_000;

/** The queue whose worker claims: each takes its own kinds of work only. */
export type WorkQueue = Extract<QueueName, "page" | "file">;

/** Crashes of workers that had claimed one page alone, before the operation gives up on that page. */
export const MAX_CRASHES = 4;

/**
 * Restarts of the whole process that count as one crash of the page that was claimed alone: most often somebody or something else ended
 * the process, and with one page left it is always the one that is claimed. A page that ends the process itself is still given up.
 */
export const RESTARTS_PER_CRASH = 3;

export type ClaimedWork = {
  kind: WorkKind;
  pageId: string;
  title: string;
  listedVersion: number | null;
  attempts: number;
  /** Crashes of workers in this operation that had claimed this page alone, as `releaseLostClaims` counts them. */
  crashes: number;
};

/**
 * Claims the pages' open work for CLAIM_MS (files: FILE_CLAIM_MS) and counts an attempt; skips work that is done, waiting, claimed by another worker, or
 * a suspect (see `claimSuspect`). By id: in the order of its rows a history of the simulation would differ from run to run.
 */
export async function claimWork(
  sql: Sql,
  operationId: string,
  pageIds: readonly string[],
  { queue, now }: { queue: WorkQueue; now: Date },
): Promise<ClaimedWork[]> {
  return sql<ClaimedWork[]>`
    with claimed as (
      update sync_work set claimed_until = ${claimUntil(queue, now)}, claimed_alone = false, attempts = attempts + 1,
        updated_at = ${now}
      where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending' and not suspect
        and ${isOf(sql, queue)} and claimed_until is null and (not_before is null or not_before <= ${now})
      returning kind, page_id, title, listed_version, attempts, crashes)
    select kind, page_id as "pageId", title, listed_version as "listedVersion", attempts, crashes from claimed
    order by page_id, kind`;
}

/**
 * Claims one suspect of the operation, the one with the fewest crashes, and counts an attempt; null when none is due, or another
 * worker has claimed one. One at a time: if the worker crashes, this page is the cause. `untried`: only a suspect without a
 * crash.
 */
export async function claimSuspect(
  sql: Sql,
  operationId: string,
  options: { queue: WorkQueue; untried: boolean; now: Date },
): Promise<ClaimedWork | null> {
  const { queue, now } = options;
  const [claimed] = await sql<ClaimedWork[]>`
    update sync_work set claimed_until = ${claimUntil(queue, now)}, claimed_alone = true, attempts = attempts + 1,
      updated_at = ${now}
    where operation_id = ${operationId} and page_id = (${nextSuspect(sql, operationId, options)} for update skip locked)
    returning kind, page_id as "pageId", title, listed_version as "listedVersion", attempts, crashes`;
  return claimed ?? null;
}

/** The suspect that `claimSuspect` would claim, or null. */
export async function findSuspect(
  sql: Sql,
  operationId: string,
  claim: { queue: WorkQueue; now: Date },
): Promise<string | null> {
  const options = { ...claim, untried: false };
  const [row] = await sql<{ page_id: string }[]>`${nextSuspect(sql, operationId, options)}`;
  return row?.page_id ?? null;
}

/** Makes the sweeper resend the suspects' messages, for a worker that cannot process them. */
export async function requeueSuspects(sql: Sql, operationId: string): Promise<void> {
  await sql`
    update sync_work set enqueued_at = null
    where operation_id = ${operationId} and state = 'pending' and suspect and claimed_until is null`;
}

function claimUntil(queue: WorkQueue, now: Date): Date {
  return later(now, queue === "file" ? FILE_CLAIM_MS : CLAIM_MS);
}

function isOf(sql: Sql, queue: WorkQueue) {
  return queue === "file" ? sql`kind = 'attachment'` : sql`kind <> 'attachment'`;
}

function nextSuspect(
  sql: Sql,
  operationId: string,
  { queue, untried, now }: { queue: WorkQueue; untried: boolean; now: Date },
) {
  return sql`
    select page_id from sync_work
    where operation_id = ${operationId} and state = 'pending' and suspect and claimed_until is null
      and ${isOf(sql, queue)} and (crashes = 0 or not ${untried})
      and (not_before is null or not_before <= ${now})
      and not exists (select from sync_work other where other.operation_id = ${operationId} and other.state = 'pending'
        and ${isOf(sql, queue)} and other.suspect and other.claimed_until >= ${now})
    order by crashes, page_id limit 1`;
}

/**
 * Releases the claims of lost workers, by their time or (`all`) because no other process uses this database; returns how many. A
 * lost claim of several pages makes each of them a suspect without a crash; a lost claim of one page alone counts as its crash (`all`:
 * at every RESTARTS_PER_CRASH'th attempt).
 */
export async function releaseLostClaims(
  sql: Sql,
  lost: { operationId: string; now: Date } | "all",
): Promise<number> {
  const every = lost === "all" ? RESTARTS_PER_CRASH : 1;
  const rows = await sql`
    update sync_work set claimed_until = null, enqueued_at = null, suspect = true, claimed_alone = false,
      crashes = crashes + (claimed_alone and attempts % ${every}::int = 0)::int
    where state = 'pending'
      and ${lost === "all" ? sql`claimed_until is not null` : sql`operation_id = ${lost.operationId} and claimed_until < ${lost.now}`}
    returning page_id`;
  return rows.length;
}
