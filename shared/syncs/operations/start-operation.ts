import { transaction, type Sql } from "#shared/db/connect.ts";
import { PermanentError, UserError } from "#shared/errors.ts";
import { later } from "#shared/syncs/later.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { LEASE_MS } from "./claims.ts";
import { failOperationIn, logFailed, type FailedOperation } from "./fail-operation.ts";
import { addApproved } from "./approved-candidates.ts";
import { OPERATIONS, type OperationType, type SyncMode } from "./operation-types.ts";
import { sendOperation } from "./send-operation.ts";

/** Who or what started an operation. */
export type Actor = "api" | "schedule" | "pulse" | "manual" | "after_sync" | "hook";

export type StartRequest = {
  type: OperationType;
  sourceId: string;
  actor: Actor;
  /** Syncs only; default `incremental`. */
  mode?: SyncMode;
  dryRun?: boolean;
  /** Checks only: delete above the cap too. */
  force?: boolean;
  /** Scheduled checks only: the scheduled time. */
  tick?: Date;
  /** When its first step may run; default at once. */
  notBefore?: Date | null;
  /** Approved deletions only: the held check, and which of its candidates; null: all that are undecided. */
  approval?: { heldOperationId: string; pageIds: readonly string[] | null };
};

/** `operationId`: the operation that was started, or the one that was already running. */
export type StartResult = { started: boolean; operationId: string };

/** `superseded`: the operation whose expired lease this one took over. */
export type InsertedOperation = StartResult & { superseded: FailedOperation | null };

type StartServices = Pick<SyncServices, "sql" | "queue" | "log" | "now" | "newId">;

/**
 * Starts an operation and returns at once: queue messages run its steps. A source has one running operation at a time. If that
 * one has had no heartbeat for LEASE_MS, its lease has expired: it is marked failed and this one supersedes it.
 * Throws UserError 404 `source_not_found`; for an approval 409 `nothing_held`.
 */
export async function startOperation(request: StartRequest, services: StartServices): Promise<StartResult> {
  const operationId = services.newId();
  const inserted = await transaction(services.sql, (tx) =>
    insertOperation(tx, { ...request, operationId, now: services.now() }),
  );
  await announceOperation(request, inserted, services);
  return { started: inserted.started, operationId: inserted.operationId };
}

/** The part of `startOperation` that needs a transaction: the caller's. After its commit comes `announceOperation`. */
export async function insertOperation(
  tx: Sql,
  request: StartRequest & { operationId: string; now: Date },
): Promise<InsertedOperation> {
  const {
    operationId,
    sourceId,
    type,
    actor,
    dryRun = false,
    force = false,
    notBefore = null,
    now,
  } = request;
  const [source] = await tx<{ lease_operation_id: string | null; lease_until: Date | null }[]>`
    select lease_operation_id, lease_until from archon_sources
    where source_id = ${sourceId} and status <> 'deleting' for no key update`;
  if (!source) throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
  if (source.lease_operation_id && source.lease_until && source.lease_until > now) {
    return { started: false, operationId: source.lease_operation_id, superseded: null };
  }
  const superseded =
    source.lease_operation_id &&
    (await failOperationIn(tx, { operationId: source.lease_operation_id, error: leaseExpired(), now }));
  await tx`
    insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, force, actor, scheduled_for, not_before,
      created_at, updated_at)
    values (${operationId}, ${sourceId}, ${type}, 'queued', ${OPERATIONS[type].modeOf(request)}, ${dryRun}, ${force}, ${actor},
      ${request.tick ?? null}, ${notBefore}, ${now}, ${now})`;
  await tx`
    update archon_sources set lease_operation_id = ${operationId}, lease_until = ${later(now, LEASE_MS)}, updated_at = ${now}
    where source_id = ${sourceId}`;
  if (request.approval) await addApproved(tx, { operationId, sourceId, ...request.approval }, now);
  return { started: true, operationId, superseded: superseded || null };
}

function leaseExpired(): PermanentError {
  const minutes = LEASE_MS / 60_000;
  return new PermanentError(
    "lease_expired",
    `Lease expired (no heartbeat for ${minutes} min); superseded by another operation`,
  );
}

/** Logs the result of a committed start, and sends the first message of the operation that it started. */
export async function announceOperation(
  { type, sourceId, actor, notBefore = null }: StartRequest,
  { started, operationId, superseded }: InsertedOperation,
  services: StartServices,
): Promise<void> {
  if (superseded) logFailed(superseded, services.log);
  if (!started) return;
  services.log.info("operation.started", { operation_id: operationId, source_id: sourceId, actor });
  await sendOperation({ operationId, sourceId, type }, services, notBefore);
}
