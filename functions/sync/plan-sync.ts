import { planTask, type PlanTask } from "#shared/messages.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";
import { pageSyncStep } from "#shared/syncs/hints/page-sync-step.ts";
import { listStep } from "#shared/syncs/listing/list-step.ts";
import type { OperationTypeOf } from "#shared/syncs/operations/operation-types.ts";
import { stepOf, type Step } from "#shared/syncs/operations/step.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { queueHandler, settleEach, type Invocation, type Settled } from "#functions/runtime/queue.ts";

const STEPS: Record<OperationTypeOf<"plan">, Step> = { confluence_sync: listStep, page_sync: pageSyncStep };
const step = stepOf(STEPS);

/** Lists what changed, one listing page at a time, or asks for the pages that were announced, and queues the pages. */
export async function planSyncs(
  tasks: readonly PlanTask[],
  services: SyncServices & SiteServices,
  invocation: Invocation,
): Promise<Settled[]> {
  return settleEach(tasks, (task) => runOperation(task.operation_id, step, services, invocation));
}

export const handler = queueHandler({
  task: planTask,
  needs: [database, taskQueue, tokenCipher, confluence],
  run: planSyncs,
});
