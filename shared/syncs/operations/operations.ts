import { transaction, type Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { RUNNING_STATUSES, type OperationStatus } from "#shared/operation-statuses.ts";
import type postgres from "postgres";
import { RECOVERED, type Failing } from "./failing.ts";
import { logWith } from "./operation-log.ts";

export type OperationType = "confluence_sync" | "deletion_check";
export type SyncMode = "incremental" | "full";
/** Who or what started an operation. */
export type Actor = "api" | "schedule" | "manual" | "after_sync";

export type Operation = {
  operationId: string;
  sourceId: string;
  type: OperationType;
  status: OperationStatus;
  mode: SyncMode | null;
  dryRun: boolean;
  force: boolean;
  actor: string;
  checkpoint: Record<string, unknown>;
  counters: Record<string, number>;
  claimedUntil: Date | null;
  /** Null while its attempts succeed. */
  failing: Failing | null;
  createdAt: Date;
};

export type OperationRequest = {
  operationId: string;
  sourceId: string;
  type: OperationType;
  mode: SyncMode | null;
  dryRun: boolean;
  force: boolean;
  actor: Actor;
  /** Where the operation begins; a scheduled check carries the tick that it stands for. */
  checkpoint?: Record<string, string>;
  now: Date;
};

export type StartResult = { started: true } | { started: false; runningOperationId: string };

/** Longer than any wait between two signs of life of a healthy operation (a claim, a minute's heartbeat, a sweep). */
export const LEASE_MS = 15 * 60_000;
/** A worker's claim outlives its function's timeout (60 s), so that two never work on one thing at the same time. */
export const CLAIM_MS = 90_000;

/**
 * Starts an operation, or tells which one runs: one at a time a source. The lease of a holder that has given no sign of life
 * for LEASE_MS has run out; its operation is marked failed and this one takes its place.
 * Throws UserError 404 `source_not_found`.
 */
export async function startOperation(sql: postgres.Sql, request: OperationRequest): Promise<StartResult> {
  return transaction(sql, (tx) => startOperationIn(tx, request));
}

/** `startOperation` inside the caller's transaction. */
export async function startOperationIn(tx: Sql, request: OperationRequest): Promise<StartResult> {
  const { operationId, sourceId, now } = request;
  const [source] = await tx<{ lease_operation_id: string | null; lease_until: Date | null }[]>`
    select lease_operation_id, lease_until from archon_sources
    where source_id = ${sourceId} and status <> 'deleting' for no key update`;
  if (!source) throw new UserError(404, "source_not_found", `There is no source ${sourceId}`);
  if (source.lease_operation_id && source.lease_until && source.lease_until > now) {
    return { started: false, runningOperationId: source.lease_operation_id };
  }
  if (source.lease_operation_id) {
    await failOperationIn(tx, source.lease_operation_id, now, {
      code: "lease_expired",
      message: "It gave no sign of life for 15 minutes, and another operation took its place",
    });
  }
  await tx`
    insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, force, actor, checkpoint, created_at, updated_at)
    values (${operationId}, ${sourceId}, ${request.type}, 'queued', ${request.mode}, ${request.dryRun}, ${request.force},
      ${request.actor}, ${tx.json(request.checkpoint ?? {})}, ${now}, ${now})`;
  await tx`
    update archon_sources set lease_operation_id = ${operationId}, lease_until = ${later(now, LEASE_MS)}, updated_at = ${now}
    where source_id = ${sourceId}`;
  return { started: true };
}

/** Notes that the operation's next message was sent, so that the sweeper does not send it too. */
export async function markOperationEnqueued(sql: Sql, operationId: string, now: Date): Promise<void> {
  await sql`update archon_progress set enqueued_at = ${now}, not_before = null where operation_id = ${operationId}`;
}

/** The operation, or null. */
export async function getOperation(sql: Sql, operationId: string): Promise<Operation | null> {
  const [row] = await sql`${selectOperation(sql)} where operation_id = ${operationId}`;
  return row ? toOperation(row) : null;
}

/**
 * Takes the right to do the operation's next listing step, for CLAIM_MS; null when it has ended, has gone on to its pages, or
 * somebody else is at it (a message delivered twice). `claimedUntil` is the token that `saveCheckpoint` wants back. Taking over
 * a claim that ran out counts as a failure of the step: its worker died, or threw; a step that is saved starts counting anew.
 */
export async function claimOperation(sql: Sql, operationId: string, now: Date): Promise<Operation | null> {
  const [row] = await sql`
    with claimed as (
      update archon_progress set status = 'listing', started_at = coalesce(started_at, ${now}), updated_at = ${now},
        claimed_until = ${later(now, CLAIM_MS)},
        checkpoint = case when claimed_until is null then checkpoint
          else checkpoint || jsonb_build_object('failures', coalesce((checkpoint ->> 'failures')::int, 0) + 1) end
      where operation_id = ${operationId} and status in ('queued', 'listing')
        and (claimed_until is null or claimed_until < ${now})
      returning *),
    leased as (
      update archon_sources set lease_until = ${later(now, LEASE_MS)}
      from claimed where archon_sources.source_id = claimed.source_id and lease_operation_id = ${operationId})
    ${selectOperation(sql, "claimed")}`;
  return row ? toOperation(row) : null;
}

/**
 * Saves where the listing stands, in the transaction that records what was listed. Throws when the claim was lost meanwhile
 * (cancelled, or taken over after CLAIM_MS), which rolls that transaction back. Answers the claim's new token.
 */
export async function saveCheckpoint(
  tx: Sql,
  operation: Pick<Operation, "operationId" | "claimedUntil" | "failing">,
  update: {
    checkpoint: Record<string, unknown>;
    counters: Record<string, number>;
    message?: string;
    now: Date;
  },
): Promise<Date> {
  const claimedUntil = later(update.now, CLAIM_MS);
  const messages = [...(operation.failing ? [RECOVERED] : []), ...(update.message ? [update.message] : [])];
  const rows = await tx`
    update archon_progress set checkpoint = ${tx.json(update.checkpoint as postgres.JSONValue)},
      counters = ${tx.json(update.counters)}, claimed_until = ${claimedUntil}, updated_at = ${update.now}, failing = null
      ${messages.length > 0 ? tx`, log = ${logWith(tx, messages, update.now)}` : tx``}
    where operation_id = ${operation.operationId} and status = 'listing' and claimed_until = ${operation.claimedUntil}
    returning operation_id`;
  if (rows.length === 0) throw new ClaimLostError(operation.operationId);
  return claimedUntil;
}

/** Whether the claim is still the caller's: nobody took it over, and the operation has not ended. */
export async function holdsClaim(sql: Sql, operation: Operation): Promise<boolean> {
  const rows = await sql`
    select from archon_progress
    where operation_id = ${operation.operationId} and claimed_until = ${operation.claimedUntil}`;
  return rows.length > 0;
}

/** Somebody else goes on with this operation, or it has ended: what was about to be written is dropped, nothing is wrong. */
export class ClaimLostError extends Error {
  readonly code = "claim_lost";
  constructor(operationId: string) {
    super(`The claim on operation ${operationId} was lost`);
    this.name = "ClaimLostError";
  }
}

/** Gives the claim back, so that the next message can go on at once; `notBefore` makes the sweeper wait too. */
export async function releaseOperation(
  sql: Sql,
  operation: Operation,
  notBefore: Date | null = null,
): Promise<void> {
  await sql`
    update archon_progress set claimed_until = null, enqueued_at = null, not_before = ${notBefore}
    where operation_id = ${operation.operationId} and claimed_until = ${operation.claimedUntil}`;
}

/** A sign of life, at most one a minute however many workers there are: the operation's time and its lease. */
export async function heartbeat(sql: Sql, operationId: string, now: Date): Promise<void> {
  await sql`
    with alive as (
      update archon_progress set updated_at = ${now}
      where operation_id = ${operationId} and updated_at < ${later(now, -60_000)}
        and status in ('queued', 'listing', 'processing') returning source_id)
    update archon_sources set lease_until = ${later(now, LEASE_MS)}
    from alive where archon_sources.source_id = alive.source_id and lease_operation_id = ${operationId}`;
}

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
async function failOperationIn(
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

export function later(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}

function selectOperation(sql: Sql, from: "archon_progress" | "claimed" = "archon_progress") {
  return sql`
    select operation_id, source_id, operation_type, status, mode, dry_run, force, actor, checkpoint, counters, claimed_until, failing, created_at
    from ${sql(from)}`;
}

function toOperation(row: postgres.Row): Operation {
  return {
    operationId: row.operation_id,
    sourceId: row.source_id,
    type: row.operation_type,
    status: row.status,
    mode: row.mode,
    dryRun: row.dry_run,
    force: row.force,
    actor: row.actor,
    checkpoint: row.checkpoint,
    counters: row.counters,
    claimedUntil: row.claimed_until,
    failing: row.failing,
    createdAt: row.created_at,
  };
}
