import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import { LISTING_STATUSES, RUNNING_STATUSES } from "#shared/operation-statuses.ts";
import { later } from "#shared/syncs/later.ts";
import { RECOVERED } from "./failing.ts";
import { operationColumns, type Operation } from "./operation.ts";
import { logWith } from "./operation-log.ts";

/** Longer than any wait between two signs of life of a healthy operation (a claim, a minute's heartbeat, a sweep). */
export const LEASE_MS = 15 * 60_000;
/** A worker's claim outlives its function's timeout (60 s), so that two never work on one thing at the same time. */
export const CLAIM_MS = 90_000;

/**
 * Takes the right to do the operation's next listing step, for CLAIM_MS; null when it has ended, has gone on to its pages, or
 * somebody else is at it (a message delivered twice). `claimedUntil` is the token that `saveCheckpoint` wants back. Taking over
 * a claim that ran out counts as a failure of the step: its worker crashed, or threw; a step that is saved starts counting anew.
 * The release before counted in the checkpoint: an operation that it left behind continues with that count.
 */
export async function claimOperation(sql: Sql, operationId: string, now: Date): Promise<Operation | null> {
  const [row] = await sql<Operation[]>`
    with claimed as (
      update archon_progress set status = 'listing', started_at = coalesce(started_at, ${now}), updated_at = ${now},
        claimed_until = ${later(now, CLAIM_MS)},
        failures = greatest(failures, coalesce((checkpoint ->> 'failures')::int, 0)) + (claimed_until is not null)::int,
        checkpoint = checkpoint - 'failures'
      where operation_id = ${operationId} and status = any(${LISTING_STATUSES})
        and (claimed_until is null or claimed_until < ${now})
      returning *),
    leased as (
      update archon_sources set lease_until = ${later(now, LEASE_MS)}
      from claimed where archon_sources.source_id = claimed.source_id and lease_operation_id = ${operationId})
    select ${operationColumns(sql)} from claimed p`;
  return row ?? null;
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
      counters = ${tx.json(update.counters)}, claimed_until = ${claimedUntil}, updated_at = ${update.now}, failures = 0, failing = null
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
        and status = any(${RUNNING_STATUSES}) returning source_id)
    update archon_sources set lease_until = ${later(now, LEASE_MS)}
    from alive where archon_sources.source_id = alive.source_id and lease_operation_id = ${operationId}`;
}
