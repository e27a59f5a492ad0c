import type { Sql } from "#shared/db/connect.ts";

/**
 * SQL of sync_work: one row per page and operation. A page message only says "look at this row"; the worker that claims the row
 * decides what happens to the page, so a message that comes twice, late or never changes nothing.
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

/** `page`: also a blog post. */
export type WorkKind = "page" | "comments" | "attachment";

/** The queue whose workers do this work. */
export function queueOf(kind: WorkKind): "page" | "file" {
  return kind === "attachment" ? "file" : "page";
}

export type WorkItem = {
  /** `page` unless it says otherwise. */
  kind?: WorkKind;
  pageId: string;
  title: string;
  state: WorkState;
  outcome: WorkOutcome | null;
  reason: string;
  listedVersion: number | null;
};

/**
 * Records what a listing found. A page listed twice keeps its first row, unless the second sighting is of a newer version; of one that is
 * twice among these items, open work counts, then the newer version.
 */
export async function addWork(
  tx: Sql,
  operation: { operationId: string; sourceId: string },
  items: readonly WorkItem[],
  now: Date,
): Promise<void> {
  if (items.length === 0) return;
  const rows = onePerPage(items).map((item) => ({
    kind: item.kind ?? "page",
    page_id: item.pageId,
    title: item.title,
    state: item.state,
    outcome: item.outcome,
    reason: item.reason,
    listed_version: item.listedVersion,
  }));
  // Added because of what it shows, before it was listed.
  await tx`
    update sync_work w set listed_version = row.listed_version
    from jsonb_to_recordset(${tx.json(rows)}) as row (page_id text, state text, listed_version integer)
    where w.operation_id = ${operation.operationId} and w.page_id = row.page_id and w.refreshes and w.listed_version is null
      and (row.state = 'seen' or w.state = 'pending' and w.claimed_until is null)`;
  await tx`
    insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, reason, listed_version, updated_at)
    select ${operation.operationId}, ${operation.sourceId}, kind, page_id, title, state, outcome, reason, listed_version, ${now}
    from jsonb_to_recordset(${tx.json(rows)})
      as row (kind text, page_id text, title text, state text, outcome text, reason text, listed_version integer)
    on conflict (operation_id, page_id) do update
      set state = 'pending', reason = excluded.reason, listed_version = excluded.listed_version, attempts = 0,
        suspect = false, crashes = 0, enqueued_at = null, not_before = null, claimed_until = null, updated_at = excluded.updated_at
      where excluded.state = 'pending' and sync_work.state in ('done', 'failed', 'seen')
        and (excluded.listed_version > coalesce(sync_work.listed_version, case when sync_work.refreshes then 0 end)
          -- A file that was listed before its page was stored.
          or sync_work.state = 'seen' and sync_work.kind = 'attachment')`;
}

function onePerPage(items: readonly WorkItem[]): WorkItem[] {
  const isOpen = (item: WorkItem) => Number(item.state !== "seen");
  const ordered = items.toSorted(
    (a, b) => isOpen(a) - isOpen(b) || (a.listedVersion ?? 0) - (b.listedVersion ?? 0),
  );
  return [...new Map(ordered.map((item) => [item.pageId, item])).values()];
}

/**
 * Ends a page's work, in the transaction that stores (or refuses) the page; false when it had already ended. Of a page that was worked
 * on before in this operation, and again because of what it shows, the first outcome stays and the counters are added up.
 */
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
    update sync_work set state = ${result.state}, reason = coalesce(${result.reason}, reason),
      outcome = case when refreshes and counters <> '{}' and ${result.state} = 'done' then outcome else ${result.outcome} end,
      counters = case when refreshes and counters <> '{}' then (
        select jsonb_object_agg(key, total) from (
          select key, sum(value::bigint) as total
          from (select * from jsonb_each_text(counters) union all select * from jsonb_each_text(${tx.json(result.counters)})) of_both
          group by key) added)
        else ${tx.json(result.counters)} end,
      claimed_until = null, updated_at = ${result.now}
    where operation_id = ${work.operationId} and page_id = ${work.pageId} and state = 'pending'
    returning page_id`;
  return rows.length > 0;
}

/**
 * Requeues work, to be sent again from `notBefore` on. `holdsClaims`: the caller has claimed the rows; else rows that another
 * worker has claimed are skipped. `countsAttempt` false: waiting is not a failure, so the attempt is not counted.
 */
export async function requeueWork(
  sql: Sql,
  operationId: string,
  pageIds: readonly string[],
  options: { notBefore: Date; holdsClaims: boolean; countsAttempt: boolean; now: Date },
): Promise<void> {
  if (pageIds.length === 0) return;
  await sql`
    update sync_work set claimed_until = null, claimed_alone = false, enqueued_at = null,
      not_before = ${options.notBefore}, updated_at = ${options.now},
      attempts = greatest(0, attempts - ${options.countsAttempt ? 0 : 1})
    where operation_id = ${operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'
      and (${options.holdsClaims} or claimed_until is null)`;
}
