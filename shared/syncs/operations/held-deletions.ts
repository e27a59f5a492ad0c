import type { Sql } from "#shared/db/connect.ts";
import { logWith } from "./operation-log.ts";

/** Deletions of a check that need a person's approval; its repairs continue. */
export type HeldDeletions = { candidates: number; pages: number; message: string };

/** The source's last deletion check if it is held; else null. `comments`: those that it would take away, which it does not list. */
export async function findHeldCheck(
  sql: Sql,
  sourceId: string,
): Promise<{ operationId: string; heldAt: Date; comments: number } | null> {
  const last = await findLastHold(sql, sourceId);
  if (!last?.isHeld) return null;
  const { comments } = await countLeft(sql, last.operationId);
  return { operationId: last.operationId, heldAt: last.heldAt, comments };
}

/** The source's last deletion check that did not fail and was not cancelled, if it was held; `isHeld` false: everything has been decided since. Else null. */
export async function findLastHold(
  sql: Sql,
  sourceId: string,
): Promise<{ operationId: string; heldAt: Date; isHeld: boolean } | null> {
  const [last] = await sql<{ operationId: string; heldAt: Date | null; status: string; wasHeld: boolean }[]>`
    select operation_id as "operationId", finished_at as "heldAt", status, held_deletions is not null as "wasHeld" from archon_progress
    where source_id = ${sourceId} and operation_type = 'deletion_check' and not dry_run and status not in ('failed', 'cancelled')
    order by created_at desc, operation_id limit 1`;
  if (!last?.heldAt || !last.wasHeld) return null;
  if (last.status !== "held" && !last.status.startsWith("completed")) return null;
  return { operationId: last.operationId, heldAt: last.heldAt, isHeld: last.status === "held" };
}

/** Condition on `w`, a row of sync_work of a held check: this deletion waits for a decision. */
export function isUndecided(sql: Sql) {
  return sql`w.state = 'candidate' and w.outcome is not null and w.decision is null`;
}

/**
 * Locks a held check until the end of the transaction, so that two decisions on the same deletion come one after the other. Whoever
 * takes this lock takes it first.
 */
export async function lockHold(tx: Sql, operationId: string): Promise<void> {
  await tx`select from archon_progress where operation_id = ${operationId} for no key update`;
}

/**
 * Says on a held check how many deletions are still to be decided, after some were; with none left the hold ends. Returns their
 * number. The caller has locked the hold.
 */
export async function settleHold(
  tx: Sql,
  { sourceId, operationId }: { sourceId: string; operationId: string },
  { message, now }: { message: string; now: Date },
): Promise<number> {
  const { undecided, comments } = await countLeft(tx, operationId);
  const left = undecided + comments;
  const error = { code: "deletions_held", message: waiting({ undecided, comments }) };
  await tx`
    update archon_progress set updated_at = ${now}, log = ${logWith(tx, [message], now)},
      error = ${left === 0 ? null : tx.json(error)},
      status = case when ${left} > 0 then 'held'
        when coalesce((counters ->> 'pages_failed')::int, 0) + coalesce((counters ->> 'files_failed')::int, 0)
          + coalesce((counters ->> 'comments_failed')::int, 0) > 0
        then 'completed_with_errors' else 'completed' end
    where operation_id = ${operationId} and status = 'held'`;
  // Unless a newer check has been held meanwhile.
  await tx`
    update archon_sources set updated_at = ${now}, metadata = metadata || jsonb_build_object('deletions_held',
      case when ${left} > 0 then metadata -> 'deletions_held' || jsonb_build_object('candidates', ${left}::int) end)
    where source_id = ${sourceId} and metadata -> 'deletions_held' ->> 'operation_id' = ${operationId}`;
  return undecided;
}

/** What is left to decide: listed candidates, and comments, which are decided by a check with `force` alone. */
async function countLeft(sql: Sql, operationId: string): Promise<{ undecided: number; comments: number }> {
  const [row] = await sql<{ undecided: number; comments: number }[]>`
    select count(w.page_id) filter (where w.decision is null)::int as undecided,
      -- The rest of what the check counted when it was held.
      greatest(0, coalesce((p.held_deletions ->> 'candidates')::int, 0) - count(w.page_id)::int) as comments
    from archon_progress p
    left join sync_work w on w.operation_id = p.operation_id and w.state = 'candidate' and w.outcome is not null
    where p.operation_id = ${operationId} group by p.operation_id`;
  return row ?? { undecided: 0, comments: 0 };
}

function waiting({ undecided, comments }: { undecided: number; comments: number }): string {
  const pages = `${undecided} deletions of this check still wait for a decision: approve or reject them`;
  const others = `${comments} comments would be deleted: run the deletion check with force if that is right`;
  return [undecided > 0 ? [pages] : [], comments > 0 ? [others] : []].flat().join(". ");
}
