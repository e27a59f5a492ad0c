import { planTask, type PlanTask } from "#shared/messages.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";
import { listStep } from "#shared/syncs/listing/list-step.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { queueHandler, settleEach, type Invocation, type Settled } from "#functions/runtime/queue.ts";

/** Lists what changed, one listing page at a time, and queues the pages. */
export async function planSyncs(
  tasks: readonly PlanTask[],
  services: SyncServices & SiteServices,
  invocation: Invocation,
): Promise<Settled[]> {
  return settleEach(tasks, (task) => runOperation(task.operation_id, listStep, services, invocation));
}

export const handler = queueHandler({
  task: planTask,
  needs: [database, taskQueue, tokenCipher, confluence],
  run: planSyncs,
});
