import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import { wantCheck } from "#shared/syncs/schedules/want-check.ts";
import { logWith } from "./operation-log.ts";
import { OPERATIONS, type OperationType } from "./operation-types.ts";

/** Cancels the source's running operation, or only this one, and returns its id; null when it is not running. Stored pages stay. */
export async function cancelOperation(
  sql: postgres.Sql,
  request: { sourceId: string; operationId?: string; now: Date; actor: string },
): Promise<string | null> {
  return transaction(sql, async (tx) => {
    // Not locked: whoever ends or continues an operation locks its row before the source's.
    const [source] = await tx<{ lease_operation_id: string | null }[]>`
      select lease_operation_id from archon_sources where source_id = ${request.sourceId}`;
    const operationId = source?.lease_operation_id;
    if (!operationId || operationId !== (request.operationId ?? operationId)) return null;
    const error = { code: "cancelled", message: `Cancelled by ${request.actor}` };
    const ended = await endOperation(tx, { operationId, status: "cancelled", error, now: request.now });
    return ended ? operationId : null;
  });
}

/**
 * Ends a running operation and frees its lease; null when it had already ended. Announcements are removed when their pages are asked
 * for: where that was not all, a deletion check is recorded as wanted.
 */
export async function endOperation(
  tx: Sql,
  end: {
    operationId: string;
    status: OperationStatus;
    error: { code: string; message: string };
    now: Date;
  },
): Promise<{ sourceId: string; type: OperationType } | null> {
  const { operationId, status, error, now } = end;
  const [row] = await tx<{ source_id: string; operation_type: OperationType }[]>`
    update archon_progress set status = ${status}, finished_at = ${now}, updated_at = ${now}, claimed_until = null, failing = null,
      error = ${tx.json(error)}, log = ${logWith(tx, [`${status}: ${error.message}`], now)}
    where operation_id = ${operationId} and status = any(${RUNNING_STATUSES})
    returning source_id, operation_type`;
  if (!row) return null;
  await tx`
    update archon_sources set lease_operation_id = null, lease_until = null
    where source_id = ${row.source_id} and lease_operation_id = ${operationId}`;
  if (OPERATIONS[row.operation_type].usesUpHints && (await hasOpenWork(tx, operationId)))
    await wantCheck(tx, row.source_id, now);
  await tx`delete from sync_work where operation_id = ${operationId} and state = 'pending'`;
  return { sourceId: row.source_id, type: row.operation_type };
}

async function hasOpenWork(tx: Sql, operationId: string): Promise<boolean> {
  const rows = await tx`
    select from sync_work where operation_id = ${operationId} and state in ('pending', 'candidate') limit 1`;
  return rows.length > 0;
}
