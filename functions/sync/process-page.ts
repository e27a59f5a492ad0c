import { pageTask, type PageTask } from "#shared/messages.ts";
import type { WorkQueue } from "#shared/syncs/operations/work-claims.ts";
import type { PageServices, WorkerCache } from "#shared/syncs/pages/page-batch.ts";
import { processPages } from "#shared/syncs/pages/process-pages.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { queueHandler, type Invocation, type Settled } from "#functions/runtime/queue.ts";

/** One a database connection: kept while the Lambda is warm, apart from other runners' in one process. */
const caches = new WeakMap<object, WorkerCache>();

/** Brings a batch of one queue's pages up to date: those of one operation share one fetch. */
export async function processBatch(
  queue: WorkQueue,
  tasks: readonly PageTask[],
  services: PageServices,
  invocation: Invocation,
): Promise<Settled[]> {
  const cache = caches.get(services.sql) ?? { names: new Map(), bodies: new Map(), skipped: new Map() };
  caches.set(services.sql, cache);
  const outcomes = new Map<string, Settled>();
  for (const [operationId, group] of Map.groupBy(tasks, (task) => task.operation_id)) {
    try {
      await processPages(operationId, group, { queue, services, cache, invocation });
      outcomes.set(operationId, { ok: true });
    } catch (error) {
      outcomes.set(operationId, { ok: false, error });
    }
  }
  return tasks.map((task) => outcomes.get(task.operation_id) ?? { ok: true });
}

/** The same for the page queue. */
export const processPageBatch = async (
  tasks: readonly PageTask[],
  services: PageServices,
  invocation: Invocation,
): Promise<Settled[]> => processBatch("page", tasks, services, invocation);

export const handler = queueHandler({
  task: pageTask,
  needs: [database, seldomUsedTaskQueue, tokenCipher, confluence, embedder],
  run: processPageBatch,
});
