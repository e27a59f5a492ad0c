import { transaction, type Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { getSource, mergeSourceMetadata, setSourceStatus, type Source } from "#shared/sources/sources.ts";
import { hintedRequests, insertHinted } from "#shared/syncs/hints/hinted-requests.ts";
import { dueChecks } from "#shared/syncs/schedules/due-checks.ts";
import { lastTick } from "#shared/syncs/schedules/weekly-check.ts";
import { listingFactColumns, type ListingFacts } from "./listing-facts.ts";
import { logWith } from "./operation-log.ts";
import { OPERATIONS, type OperationType } from "./operation-types.ts";
import {
  announceOperation,
  insertOperation,
  type InsertedOperation,
  type StartRequest,
} from "./start-operation.ts";
import { readMetrics } from "./read-metrics.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

type FollowUp = { request: StartRequest; inserted: InsertedOperation };

type FinishedRow = {
  source_id: string;
  operation_type: OperationType;
  dry_run: boolean;
  scheduledFor: Date | null;
  createdAt: Date;
  actor: string;
} & ListingFacts;

/**
 * Ends an operation whose listing is done and that has no open work, exactly once for any number of workers and sweeps: the one
 * whose conditional update matches ends it, after the commit of the last work (a worker cannot know inside its transaction that
 * it is the last). Writes metrics, watermark, event and the operation that follows in the same transaction.
 */
export async function finishOperation(operationId: string, services: SyncServices): Promise<boolean> {
  const followUp = services.newId();
  const result = await transaction(services.sql, async (tx) => {
    const now = services.now();
    const [row] = await tx<FinishedRow[]>`
      update archon_progress p set status = 'finishing', finished_at = ${now}, updated_at = ${now}
      where operation_id = ${operationId} and status = 'processing'
        and not exists (select from sync_work w where w.operation_id = ${operationId} and w.state = 'pending')
      returning source_id, operation_type, dry_run, scheduled_for as "scheduledFor", created_at as "createdAt", actor, ${listingFactColumns(tx)}`;
    if (!row) return null;
    const metrics = await readMetrics(tx, operationId);
    const held = row.heldDeletions;
    const failed = metrics.pages_failed + metrics.files_failed + metrics.comments_failed;
    const status = held ? "held" : failed > 0 ? "completed_with_errors" : "completed";
    await tx`
      update archon_progress set status = ${status}, counters = counters || ${tx.json(metrics)},
        error = ${held ? tx.json({ code: "deletions_held", message: held.message }) : null},
        log = ${logWith(tx, [summary(metrics)], now)}, failing = null
      where operation_id = ${operationId}`;
    await tx`
      update archon_sources set lease_operation_id = null, lease_until = null
      where source_id = ${row.source_id} and lease_operation_id = ${operationId}`;
    const source = await getSource(tx, row.source_id);
    if (!source) return null;
    if (!row.dry_run) {
      const { settle, listsSpace } = OPERATIONS[row.operation_type];
      await mergeSourceMetadata(tx, source.sourceId, settle({ facts: row, metrics, source }), now);
      if (listsSpace) await setSourceStatus(tx, source.sourceId, "active", now);
    }
    await writeEvent(tx, {
      type: "sync.completed",
      detail: { source_id: row.source_id, operation_id: operationId, status, metrics },
      now,
    });
    const next = await insertFollowUp(tx, source, row, { operationId: followUp, now });
    return { source, status, metrics, next };
  });
  if (!result) return false;
  services.log.info("operation.finished", {
    operation_id: operationId,
    source_id: result.source.sourceId,
    status: result.status,
    ...result.metrics,
  });
  if (result.next) await announceOperation(result.next.request, result.next.inserted, services);
  return true;
}

/**
 * Inserts the operation that follows one of this type on this source, under this id: its own follow-up, else the deletion check that
 * became due while it ran, else one for pages that were announced meanwhile. Null when none follows.
 */
async function insertFollowUp(
  tx: Sql,
  source: Source,
  row: FinishedRow,
  ids: { operationId: string; now: Date },
): Promise<FollowUp | null> {
  if (source.status === "deleting") return null;
  const { sourceId } = source;
  const type = row.dry_run ? null : OPERATIONS[row.operation_type].followedBy(source, row);
  if (type) {
    const request: StartRequest = { type, sourceId, actor: "after_sync" };
    return { request, inserted: await insertOperation(tx, { ...request, ...ids }) };
  }
  // The next minute's schedule may find the source busy again, with announced pages for one.
  const due = { sourceIds: [sourceId], tick: lastTick(ids.now), now: ids.now };
  const [check] = await dueChecks(tx, due);
  if (check) return { request: check, inserted: await insertOperation(tx, { ...check, ...ids }) };
  const [hinted] = await hintedRequests(tx, { sourceIds: [sourceId], now: ids.now, limit: 1 });
  return hinted ? { request: hinted, inserted: await insertHinted(tx, hinted, ids) } : null;
}

function summary(metrics: SyncMetrics): string {
  const { pages_added, pages_updated, pages_moved, pages_deleted, pages_hidden, pages_failed } = metrics;
  const { files_added, files_updated, files_deleted, files_failed } = metrics;
  const files =
    files_added + files_updated + files_deleted + files_failed === 0
      ? ""
      : `; files: ${files_added} added, ${files_updated} updated, ${files_deleted} deleted, ${files_failed} failed`;
  const comments =
    metrics.comments_failed === 0 ? "" : `; pages whose comments failed: ${metrics.comments_failed}`;
  return `${pages_added} added, ${pages_updated} updated, ${pages_moved} moved, ${pages_deleted} deleted, ${pages_hidden} hidden, ${pages_failed} failed${files}${comments}`;
}
