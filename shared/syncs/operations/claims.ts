import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import { LISTING_STATUSES, RUNNING_STATUSES } from "#shared/operation-statuses.ts";
import { later } from "#shared/syncs/later.ts";
import { RECOVERED } from "./failing.ts";
import { assignListingFacts, type ListingFacts } from "./listing-facts.ts";
import { countedMeanwhile } from "./count-aside.ts";
import { operationColumns, type Operation } from "./operation.ts";
import { logWith } from "./operation-log.ts";

/** Longer than any wait between two heartbeats of a healthy operation (a claim, a minute's heartbeat, a sweep). */
export const LEASE_MS = 15 * 60_000;
/** Longer than the timeout of a worker's function (60 s), so that two workers never do the same work at the same time. */
export const CLAIM_MS = 90_000;

/**
 * Claims the operation's next listing step for CLAIM_MS; null when the operation has ended, is processing its pages, or another
 * worker holds the claim (a message delivered twice). `claimedUntil` is the token that `saveCheckpoint` expects. Taking over an
 * expired claim counts as a failure of the step, because its worker crashed or threw; saving a step resets the count. The
 * previous release counted in the checkpoint: an operation that it left behind continues with that count.
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
 * Saves the listing's checkpoint, in the transaction that records what was listed; returns the claim's new token. Throws when
 * the claim was lost meanwhile (cancelled, or taken over after CLAIM_MS), which rolls that transaction back.
 */
export async function saveCheckpoint(
  tx: Sql,
  operation: Pick<Operation, "operationId" | "claimedUntil" | "failing">,
  update: {
    checkpoint: Record<string, unknown>;
    counters: Record<string, number>;
    facts: ListingFacts;
    message?: string;
    now: Date;
  },
): Promise<Date> {
  const claimedUntil = later(update.now, CLAIM_MS);
  const messages = [...(operation.failing ? [RECOVERED] : []), ...(update.message ? [update.message] : [])];
  const rows = await tx`
    update archon_progress set checkpoint = ${tx.json(update.checkpoint as postgres.JSONValue)},
      counters = ${tx.json(update.counters)} || ${countedMeanwhile(tx)}, ${assignListingFacts(tx, update.facts)},
      claimed_until = ${claimedUntil}, updated_at = ${update.now}, failures = 0, failing = null
      ${messages.length > 0 ? tx`, log = ${logWith(tx, messages, update.now)}` : tx``}
    where operation_id = ${operation.operationId} and status = 'listing' and claimed_until = ${operation.claimedUntil}
    returning operation_id`;
  if (rows.length === 0) throw new ClaimLostError(operation.operationId);
  return claimedUntil;
}

/** Whether the caller still holds the claim: no other worker took it over, and the operation has not ended. */
export async function holdsClaim(sql: Sql, operation: Operation): Promise<boolean> {
  const rows = await sql`
    select from archon_progress
    where operation_id = ${operation.operationId} and claimed_until = ${operation.claimedUntil}`;
  return rows.length > 0;
}

/** Another worker continues this operation, or it has ended: the pending write is dropped; this is not a fault. */
export class ClaimLostError extends Error {
  readonly code = "claim_lost";
  constructor(operationId: string) {
    super(`The claim on operation ${operationId} was lost`);
    this.name = "ClaimLostError";
  }
}

/** Releases the claim, so that the next message can continue at once; `notBefore` makes the sweeper wait too. */
export async function releaseOperation(
  sql: Sql,
  operation: Operation,
  notBefore: Date | null = null,
): Promise<void> {
  await sql`
    update archon_progress set claimed_until = null, enqueued_at = null, not_before = ${notBefore}
    where operation_id = ${operation.operationId} and claimed_until = ${operation.claimedUntil}`;
}

/** Renews the operation's time and lease, at most once a minute for any number of workers. */
export async function heartbeat(sql: Sql, operationId: string, now: Date): Promise<void> {
  await sql`
    with alive as (
      update archon_progress set updated_at = ${now}
      where operation_id = ${operationId} and updated_at < ${later(now, -60_000)}
        and status = any(${RUNNING_STATUSES}) returning source_id)
    update archon_sources set lease_until = ${later(now, LEASE_MS)}
    from alive where archon_sources.source_id = alive.source_id and lease_operation_id = ${operationId}`;
}
