import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import { logWith } from "./operation-log.ts";
import type { OperationType } from "./operation-types.ts";

/**
 * Ends a running operation as failed, with an event; what was stored stays, its open work is dropped, the watermark does not
 * move. Does nothing when it has ended already.
 */
export async function failOperation(
  sql: postgres.Sql,
  operationId: string,
  error: { code: string; message: string },
  now: Date,
): Promise<boolean> {
  return transaction(sql, (tx) => failOperationIn(tx, operationId, now, error));
}

/** `failOperation` inside the caller's transaction. */
export async function failOperationIn(
  tx: Sql,
  operationId: string,
  now: Date,
  error: { code: string; message: string },
): Promise<boolean> {
  const ended = await endOperation(tx, operationId, "failed", now, error);
  if (!ended) return false;
  const { sourceId: source_id, type: operation_type } = ended;
  const detail = { source_id, operation_id: operationId, operation_type, ...error };
  await writeEvent(tx, { type: "sync.failed", detail, now });
  return true;
}

/** Cancels the source's running operation and answers its id; null when none runs. What was stored stays. */
export async function cancelOperation(
  sql: postgres.Sql,
  request: { sourceId: string; now: Date; actor: string },
): Promise<string | null> {
  return transaction(sql, async (tx) => {
    const [source] = await tx<{ lease_operation_id: string | null }[]>`
      select lease_operation_id from archon_sources where source_id = ${request.sourceId} for no key update`;
    if (!source?.lease_operation_id) return null;
    const error = { code: "cancelled", message: `Cancelled by ${request.actor}` };
    const ended = await endOperation(tx, source.lease_operation_id, "cancelled", request.now, error);
    return ended ? source.lease_operation_id : null;
  });
}

/** Ends an operation that still runs and frees its lease; null when it had ended before. */
export async function endOperation(
  tx: Sql,
  operationId: string,
  status: OperationStatus,
  now: Date,
  error: { code: string; message: string } | null,
): Promise<{ sourceId: string; type: OperationType } | null> {
  const [row] = await tx<{ source_id: string; operation_type: OperationType }[]>`
    update archon_progress set status = ${status}, finished_at = ${now}, updated_at = ${now}, claimed_until = null, failing = null,
      error = ${error ? tx.json(error) : null}, log = ${logWith(tx, [error ? `${status}: ${error.message}` : status], now)}
    where operation_id = ${operationId} and status = any(${RUNNING_STATUSES})
    returning source_id, operation_type`;
  if (!row) return null;
  await tx`
    update archon_sources set lease_operation_id = null, lease_until = null
    where source_id = ${row.source_id} and lease_operation_id = ${operationId}`;
  await tx`delete from sync_work where operation_id = ${operationId} and state = 'pending'`;
  return { sourceId: row.source_id, type: row.operation_type };
}
