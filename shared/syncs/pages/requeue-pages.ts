import { MAX_DELAY_SECONDS } from "#shared/queue/task-queue.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import { sendPages } from "#shared/syncs/operations/send-work.ts";
import { requeueWork } from "#shared/syncs/operations/work.ts";
import type { PageServices } from "./page-batch.ts";

/** Requeues pages with a delay until `until` (up to SQS's 15 minutes; the sweeper sends those that wait longer). */
export async function requeuePages(
  operation: Operation,
  pageIds: readonly string[],
  wait: { until: Date; holdsClaims: boolean },
  services: PageServices,
): Promise<void> {
  const now = services.now();
  await requeueWork(services.sql, operation.operationId, pageIds, {
    notBefore: wait.until,
    holdsClaims: wait.holdsClaims,
    countsAttempt: !wait.holdsClaims,
    now,
  });
  const delaySeconds = Math.ceil(Math.max(0, wait.until.getTime() - now.getTime()) / 1000);
  if (delaySeconds > MAX_DELAY_SECONDS) return;
  await sendPages(services, operation, pageIds, { now, delaySeconds });
}
