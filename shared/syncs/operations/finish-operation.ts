import { transaction, type Json, type Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { getSource, mergeSourceMetadata, setSourceStatus, type Source } from "#shared/sources/sources.ts";
import { heldDeletions } from "./held-deletions.ts";
import { logWith } from "./operation-log.ts";
import { markOperationEnqueued, startOperationIn, type OperationType } from "./operations.ts";
import { readMetrics } from "./sync-metrics.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

type Finished = {
  source_id: string;
  operation_type: OperationType;
  dry_run: boolean;
  checkpoint: Record<string, unknown>;
};

/**
 * Ends an operation whose listing is done and that has no open work, once, however many workers and sweeps ask: whoever's
 * conditional update hits does it, after the commit that ended the last work ("I was the last", asked inside that
 * transaction, is a race). Metrics, watermark, event and a following deletion check are written with it.
 */
export async function finishOperation(operationId: string, services: SyncServices): Promise<boolean> {
  const followUp = services.newId();
  const result = await transaction(services.sql, async (tx) => {
    const now = services.now();
    const [row] = await tx<Finished[]>`
      update archon_progress set status = 'finishing', finished_at = ${now}, updated_at = ${now}
      where operation_id = ${operationId} and status = 'processing'
        and not exists (select from sync_work w where w.operation_id = ${operationId} and w.state = 'pending')
      returning source_id, operation_type, dry_run, checkpoint`;
    if (!row) return null;
    const metrics = await readMetrics(tx, operationId);
    const held = heldDeletions.nullish().parse(row.checkpoint.held);
    const status = held ? "held" : metrics.pages_failed > 0 ? "completed_with_errors" : "completed";
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
    if (!row.dry_run) await settleSource(tx, source, row, metrics, now);
    await writeEvent(tx, {
      type: "sync.completed",
      detail: { source_id: row.source_id, operation_id: operationId, status, metrics },
      now,
    });
    return {
      source,
      row,
      status,
      metrics,
      checkStarted: await startFollowUp(tx, source, row, followUp, now),
    };
  });
  if (!result) return false;
  services.log.info("operation.finished", {
    operation_id: operationId,
    source_id: result.source.sourceId,
    status: result.status,
    ...result.metrics,
  });
  if (result.checkStarted) {
    await services.queue.send("check", [{ operation_id: followUp, source_id: result.source.sourceId }]);
    await markOperationEnqueued(services.sql, followUp, services.now());
  }
  return true;
}

/** The watermark moves here and nowhere else: every listed page has been stored, or stands in `sync_error`. */
async function settleSource(
  tx: Sql,
  source: Source,
  row: Finished,
  metrics: SyncMetrics,
  now: Date,
): Promise<void> {
  const patch: Record<string, Json> =
    row.operation_type === "confluence_sync"
      ? {
          ...(row.checkpoint.incomplete ? {} : { last_sync_timestamp: String(row.checkpoint.started_at) }),
          sync_metrics: metrics,
          time_zone: (row.checkpoint.time_zone as string | null) ?? null,
        }
      : {
          last_deletion_check: String(row.checkpoint.tick ?? row.checkpoint.started_at),
          ...(row.checkpoint.held ? {} : { deletions_held: null }),
        };
  await mergeSourceMetadata(tx, source.sourceId, patch, now);
  await setSourceStatus(tx, source.sourceId, "active", now);
}

/** `every_sync`: a deletion check closes each sync. */
async function startFollowUp(
  tx: Sql,
  source: Source,
  row: Finished,
  operationId: string,
  now: Date,
): Promise<boolean> {
  const wanted =
    row.operation_type === "confluence_sync" &&
    !row.dry_run &&
    source.metadata.deletion_strategy === "every_sync";
  if (!wanted || source.status === "deleting") return false;
  const started = await startOperationIn(tx, {
    operationId,
    sourceId: source.sourceId,
    type: "deletion_check",
    mode: null,
    dryRun: false,
    force: false,
    actor: "after_sync",
    now,
  });
  return started.started;
}

function summary(metrics: SyncMetrics): string {
  const { pages_added, pages_updated, pages_moved, pages_deleted, pages_hidden, pages_failed } = metrics;
  return `${pages_added} added, ${pages_updated} updated, ${pages_moved} moved, ${pages_deleted} deleted, ${pages_hidden} hidden, ${pages_failed} failed`;
}
