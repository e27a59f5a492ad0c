import { MAX_DELAY_SECONDS } from "#shared/queue/task-queue.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import type { Operation } from "./operation.ts";
import { OPERATIONS } from "./operation-types.ts";

/**
 * Sends the message for the operation's next step, visible from `notBefore` on (at most MAX_DELAY_SECONDS from now). A message
 * that is visible at once is recorded, so that the sweeper does not send it too; if it is lost, the sweeper sends it later.
 */
export async function sendOperation(
  operation: Pick<Operation, "operationId" | "sourceId" | "type">,
  services: Pick<SyncServices, "sql" | "queue" | "now">,
  notBefore: Date | null = null,
): Promise<void> {
  const { operationId, sourceId, type } = operation;
  const now = services.now();
  const waitMs = notBefore ? Math.max(0, notBefore.getTime() - now.getTime()) : 0;
  await services.queue.send(OPERATIONS[type].queue, [{ operation_id: operationId, source_id: sourceId }], {
    delaySeconds: Math.min(MAX_DELAY_SECONDS, Math.ceil(waitMs / 1000)),
  });
  if (notBefore) return;
  await services.sql`
    update archon_progress set enqueued_at = ${now}, not_before = null where operation_id = ${operationId}`;
}
