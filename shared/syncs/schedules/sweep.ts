import type { Sql } from "#shared/db/connect.ts";
import { removeUnsyncedKinds } from "#shared/documents/unsynced-kinds.ts";
import { removeDeletedSites } from "#shared/sources/account-site.ts";
import { clearMarkedChunks } from "#shared/documents/clear-marked-chunks.ts";
import { discardAbandoned } from "#shared/documents/staged-chunks.ts";
import { rewriteWords } from "#shared/documents/rewrite-words.ts";
import { deleteSourceRows } from "#shared/documents/delete-source.ts";
import type { EventSender } from "#shared/notifications/event-sender.ts";
import { sendOutbox } from "#shared/notifications/outbox.ts";
import {
  isListing,
  LISTING_STATUSES,
  RUNNING_STATUSES,
  type OperationStatus,
} from "#shared/operation-statuses.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import { later } from "#shared/syncs/later.ts";
import { LEASE_MS } from "#shared/syncs/operations/claims.ts";
import { OPERATIONS, type OperationType } from "#shared/syncs/operations/operation-types.ts";
import { sendOperation } from "#shared/syncs/operations/send-operation.ts";
import { removeExpired, type Retention } from "./retention.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { releaseLostClaims } from "#shared/syncs/operations/work-claims.ts";
import { sendPages, sendWork } from "#shared/syncs/operations/send-work.ts";

/** An unclaimed listing whose last message is older than this is sent again; sending it twice is harmless. */
const RESEND_LISTING_MS = 2 * 60_000;
/** Pages are sent again when their operation has made no progress for this long: until then they may wait in a long queue. */
const RESEND_PAGES_MS = 10 * 60_000;
/** Pages sent again in one sweep for one operation. */
const RESEND_LIMIT = 1000;
/** With less time left no further work is started. */
const RESERVE_MS = 15_000;

type Running = {
  operation_id: string;
  source_id: string;
  operation_type: OperationType;
  status: OperationStatus;
  claimed_until: Date | null;
  enqueued_at: Date | null;
  not_before: Date | null;
  updated_at: Date;
};

export type SweepResult = {
  resent: number;
  finished: number;
  events: number;
  chunksCleared: number;
  rowsDeleted: number;
  /** Pages whose words were written again. */
  wordsRewritten: number;
};

/**
 * Recovers work that lost messages and crashed workers left behind. Each part does a bounded amount and can be killed at any
 * point; the next minute's sweep continues. Throws at the end what kept operations from being resumed.
 */
export async function sweep(
  services: SyncServices & { events: EventSender; retention: Retention },
  invocation: { remainingMs: () => number },
): Promise<SweepResult> {
  const result: SweepResult = {
    resent: 0,
    finished: 0,
    events: 0,
    chunksCleared: 0,
    rowsDeleted: 0,
    wordsRewritten: 0,
  };
  const inTime = () => invocation.remainingMs() > RESERVE_MS;
  const errors: unknown[] = [];
  for (const operation of await runningOperations(services.sql)) {
    if (!inTime()) break;
    try {
      result.resent += await resume(operation, services);
      if (operation.status === "processing" && (await finishOperation(operation.operation_id, services)))
        result.finished += 1;
    } catch (error) {
      errors.push(error);
    }
  }
  result.chunksCleared = await clearMarkedChunks(services.sql);
  result.chunksCleared += await discardAbandoned(services.sql, services.now());
  for (const sourceId of await sourcesBeingDeleted(services.sql)) {
    while (inTime()) {
      const { deleted, done } = await deleteSourceRows(services.sql, sourceId);
      result.rowsDeleted += deleted;
      if (done) break;
    }
  }
  result.rowsDeleted += await removeUnsyncedKinds(services.sql, { now: services.now() });
  result.rowsDeleted += await removeDeletedSites(services.sql);
  result.rowsDeleted += await removeExpired(services.sql, services.retention, services.now());
  // Last: these throw while the bus refuses events, perhaps for days, or a page cannot be written, and must not block anything else.
  result.events = await sendOutbox(services.sql, services.events, services.now());
  result.wordsRewritten = await rewriteWords(services.sql, { inTime });
  services.log.info("sweep.finished", result);
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} running operations could not be resumed`);
  return result;
}

async function resume(operation: Running, services: SyncServices): Promise<number> {
  const now = services.now();
  await keepLease(services.sql, operation, now);
  if (isListing(operation.status)) return resendListing(operation, now, services);
  return resendPages(operation, now, services);
}

async function resendListing(operation: Running, now: Date, services: SyncServices): Promise<number> {
  const claimed = operation.claimed_until !== null && operation.claimed_until > now;
  const waits = operation.not_before !== null && operation.not_before > now;
  const lastSent = operation.enqueued_at ?? operation.not_before ?? new Date(0);
  let resent = 0;
  if (!claimed && !waits && lastSent <= later(now, -RESEND_LISTING_MS)) {
    const { operation_id: operationId, source_id: sourceId, operation_type: type } = operation;
    await sendOperation({ operationId, sourceId, type }, services);
    services.log.warn("sweep.resent", { operation_id: operationId, queue: OPERATIONS[type].queue });
    resent = 1;
  }
  return resent + (await resendPages(operation, now, services));
}

/** Sends pages never sent (or requeued), pages whose worker was lost, and, when there is no progress, all open pages. */
async function resendPages(operation: Running, now: Date, services: SyncServices): Promise<number> {
  const target = { operationId: operation.operation_id, sourceId: operation.source_id };
  const lost = await releaseLostClaims(services.sql, { operationId: operation.operation_id, now });
  const sent = await sendWork(services, target, now);
  const again = await resendWaiting(operation, now, services);
  if (lost + again > 0) {
    services.log.warn("sweep.resent", {
      operation_id: operation.operation_id,
      queue: "page",
      pages: lost + again,
    });
  }
  return sent + again;
}

async function resendWaiting(operation: Running, now: Date, services: SyncServices): Promise<number> {
  const since = later(now, -RESEND_PAGES_MS);
  if (operation.updated_at > since) return 0;
  const rows = await services.sql<{ page_id: string }[]>`
    select page_id from sync_work
    where operation_id = ${operation.operation_id} and state = 'pending' and claimed_until is null
      and enqueued_at <= ${since} and (not_before is null or not_before <= ${now})
    order by page_id limit ${RESEND_LIMIT}`;
  await sendPages(
    services,
    { operationId: operation.operation_id, sourceId: operation.source_id },
    rows.map((row) => row.page_id),
    { now, delaySeconds: 0 },
  );
  return rows.length;
}

/** Renews the lease of running operations, also of those that wait for a rate limit to pass. */
async function keepLease(sql: Sql, operation: Running, now: Date): Promise<void> {
  await sql`
    update archon_sources set lease_until = ${later(now, LEASE_MS)}
    where source_id = ${operation.source_id} and lease_operation_id = ${operation.operation_id}
      and lease_until < ${later(now, LEASE_MS / 2)}`;
}

async function runningOperations(sql: Sql): Promise<Running[]> {
  return sql<Running[]>`
    select p.operation_id, p.source_id, p.operation_type, p.status, p.claimed_until, p.enqueued_at, p.not_before, p.updated_at
    from archon_progress p join archon_sources s using (source_id)
    where p.status = any(${RUNNING_STATUSES}) and s.status <> 'deleting'
    order by p.updated_at`;
}

async function sourcesBeingDeleted(sql: Sql): Promise<string[]> {
  const rows = await sql<
    { source_id: string }[]
  >`select source_id from archon_sources where status = 'deleting'`;
  return rows.map((row) => row.source_id);
}

/**
 * Releases the claims of all workers: for the start of the local runner, whose lock file guarantees that no other process uses
 * this database.
 */
export async function releaseAllClaims(sql: Sql): Promise<void> {
  await sql`update archon_progress set claimed_until = null, enqueued_at = null where status = any(${LISTING_STATUSES})`;
  await releaseLostClaims(sql, "all");
  await sql`update sync_work set enqueued_at = null where state = 'pending'`;
}
