import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { findLastHold, isUndecided, lockHold } from "./held-deletions.ts";

type Approval = { operationId: string; sourceId: string; heldOperationId: string };

/**
 * Makes deletions that a check holds candidates of the operation that was started for them, in their present state: it asks for each
 * again. They stay held until it has decided on them. Pages that are no held candidates (any more) are left out. Throws UserError 409
 * `nothing_held` when the check is not the held one, or none of the pages is held. The caller has locked the source, so that no check
 * starts meanwhile.
 */
export async function addApproved(
  tx: Sql,
  { operationId, sourceId, heldOperationId, pageIds }: Approval & { pageIds: readonly string[] | null },
  now: Date,
): Promise<void> {
  // The operation that was just inserted is no check: the last one is still the last.
  const hold = await findLastHold(tx, sourceId);
  const rows =
    hold?.isHeld && hold.operationId === heldOperationId
      ? await tx`
          insert into sync_work (operation_id, source_id, kind, page_id, title, state, reason, state_revision, decision, updated_at)
          select ${operationId}, w.source_id, w.kind, w.page_id, w.title,
            case when p.page_id is null then 'seen' else 'candidate' end, 'approved', p.state_revision, 'approved', ${now}
          from sync_work w left join confluence_pages p on p.source_id = w.source_id and p.page_id = w.page_id
          where w.operation_id = ${heldOperationId} and ${isUndecided(tx)}
            ${pageIds === null ? tx`` : tx`and w.page_id = any(${pageIds as string[]}::text[])`}
          returning page_id`
      : [];
  if (rows.length === 0) throw nothingHeld(heldOperationId);
  await tx`update archon_progress set approves = ${heldOperationId} where operation_id = ${operationId}`;
}

/** A decision on what is not held: the list that it was made from is out of date. */
export function nothingHeld(heldOperationId: string): UserError {
  return new UserError(
    409,
    "nothing_held",
    `Deletion check ${heldOperationId} does not hold these deletions (any more): read held-deletions again`,
  );
}

/**
 * Locks the held check, and takes out of the operation what was rejected since it was approved, what is not held any more, what has
 * no row any more because its kind was switched off, and what nobody approved: a worker of the previous release, which does not know
 * approvals, lists candidates of its own. In the transaction that deletes, before it does.
 */
export async function withdrawRejected(
  tx: Sql,
  { operationId, approves }: { operationId: string; approves: string },
): Promise<void> {
  await lockHold(tx, approves);
  await tx`
    update sync_work a set state = 'seen', outcome = null, reason = 'rejected'
    where a.operation_id = ${operationId} and a.state = 'candidate' and (a.decision is distinct from 'approved' or not exists (
      select from sync_work w where w.operation_id = ${approves} and w.page_id = a.page_id and ${isUndecided(tx)})
      or not exists (select from confluence_pages p where p.source_id = a.source_id and p.page_id = a.page_id))`;
}

/** Records on the held check which approved deletions the operation has decided on; returns how many it newly has. */
export async function markApproved(
  tx: Sql,
  { operationId, approves }: { operationId: string; approves: string },
): Promise<number> {
  const rows = await tx`
    update sync_work w set decision = 'approved' from sync_work a
    where a.operation_id = ${operationId} and a.decision = 'approved' and a.state <> 'candidate'
      and w.operation_id = ${approves} and w.page_id = a.page_id and ${isUndecided(tx)}
    returning w.page_id`;
  return rows.length;
}
