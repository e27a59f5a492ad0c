import type postgres from "postgres";
import { transaction } from "#shared/db/connect.ts";
import { nothingHeld } from "./approved-candidates.ts";
import { findLastHold, isUndecided, lockHold, settleHold } from "./held-deletions.ts";

/**
 * Rejects deletions that the source's last check holds (`pageIds` null: all that are undecided): the pages stay as they are until the
 * next check looks again. Those that are no candidates, or were deleted already, are left out. Returns how many of them are rejected
 * now, and how many listed deletions are left to decide; repeated, the same. Throws UserError 409 `nothing_held`.
 */
export async function rejectDeletions(
  sql: postgres.Sql,
  request: {
    sourceId: string;
    operationId: string;
    pageIds: readonly string[] | null;
    actor: string;
    now: Date;
  },
): Promise<{ rejected: number; held: number }> {
  const { sourceId, operationId, pageIds, actor, now } = request;
  return transaction(sql, async (tx) => {
    await lockHold(tx, operationId);
    const hold = await findLastHold(tx, sourceId);
    if (hold?.operationId !== operationId) throw nothingHeld(operationId);
    const chosen = pageIds === null ? tx`` : tx`and w.page_id = any(${pageIds as string[]}::text[])`;
    const rows = await tx`
      update sync_work w set decision = 'rejected', updated_at = ${now}
      where w.operation_id = ${operationId} and ${isUndecided(tx)} ${chosen}
      returning w.page_id`;
    if (rows.length > 0) {
      const message = `${rows.length} deletions were rejected (${actor}): these pages stay until the next deletion check`;
      await settleHold(tx, { sourceId, operationId }, { message, now });
    }
    const [count] = await tx<{ rejected: number; held: number }[]>`
      select count(*) filter (where w.decision = 'rejected' ${chosen})::int as rejected,
        count(*) filter (where ${isUndecided(tx)})::int as held
      from sync_work w where w.operation_id = ${operationId}`;
    return count ?? { rejected: 0, held: 0 };
  });
}
