import { PermanentError } from "#shared/errors.ts";
import type { PageTask } from "#shared/messages.ts";
import { isRunning } from "#shared/operation-statuses.ts";
import { getSource } from "#shared/sources/sources.ts";
import { heartbeat } from "#shared/syncs/operations/claims.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import { getOperation } from "#shared/syncs/operations/operation.ts";
import { sendPages, sendWork } from "#shared/syncs/operations/send-work.ts";
import {
  claimSuspect,
  claimWork,
  findSuspect,
  MAX_CRASHES,
  requeueSuspects,
  type ClaimedWork,
} from "#shared/syncs/operations/work-claims.ts";
import { recordFailure } from "./page-failure.ts";
import { PAGE_RESERVE_MS, processClaimed, type Run, type Worker } from "./process-claimed.ts";
import { requeuePages } from "./requeue-pages.ts";

/**
 * Brings the pages of one operation up to date: fetches bodies in bulk, converts and chunks them, embeds them together, and swaps
 * page by page. An error of a page is recorded in the database (failed, or requeued), so its message is done; what this function
 * throws concerns all pages (no database, no queue) and makes SQS deliver them again.
 */
export async function processPages(
  operationId: string,
  tasks: readonly PageTask[],
  worker: Worker,
): Promise<void> {
  const { services } = worker;
  const operation = await getOperation(services.sql, operationId);
  // Messages of an operation that ended, or of a source that is being deleted, are dropped.
  if (!operation || !isRunning(operation.status)) return;
  const source = await getSource(services.sql, operation.sourceId);
  if (!source || source.status === "deleting") return;
  const pageIds = [...new Set(tasks.map((task) => task.page_id))];
  await heartbeat(services.sql, operationId, services.now());
  if (source.pausedUntil && source.pausedUntil > services.now()) {
    await requeuePages(operation, pageIds, { until: source.pausedUntil, holdsClaims: false }, services);
    return;
  }
  const run: Run = { ...worker, operation, source };
  const { queue } = worker;
  const claimed = await claimWork(services.sql, operationId, pageIds, { queue, now: services.now() });
  const stopped = claimed.length > 0 && (await processClaimed(run, claimed)) === "stop";
  if (claimed.length < pageIds.length) {
    if (stopped) await requeueSuspects(services.sql, operationId);
    else await processSuspects(run, claimed.length === 0);
  }
  // What is on a page, and pages that show it, became work when it was stored: without a message they would wait for the sweep.
  if (claimed.length > 0) await sendWork(services, operation, services.now());
  await finishOperation(operationId, services);
}

/**
 * Processes the operation's suspects one at a time, so that a page that crashes its worker affects no other page. One that has
 * crashed a worker before gets a whole invocation. The next invocation resumes with the rest.
 */
async function processSuspects(run: Run, isFresh: boolean): Promise<void> {
  const { operation, services, invocation, queue } = run;
  const { sql, now } = services;
  const { operationId } = operation;
  for (let first = isFresh; invocation.remainingMs() >= PAGE_RESERVE_MS; first = false) {
    const work = await claimSuspect(sql, operationId, { queue, untried: !first, now: now() });
    if (!work) break;
    if (work.crashes >= MAX_CRASHES) await giveUp(work, run);
    else if ((await processClaimed(run, [work])) === "stop") return requeueSuspects(sql, operationId);
  }
  const next = await findSuspect(sql, operationId, { queue, now: now() });
  if (next) await sendPages(services, operation, [next], { now: now(), delaySeconds: 0 });
}

async function giveUp(work: ClaimedWork, { operation, source, services }: Run): Promise<void> {
  const message = `The worker crashed at least ${work.crashes} times while it processed this page alone`;
  const error = new PermanentError("worker_died", message);
  await recordFailure({ error, works: [work], isBatch: false, operation, source }, work, services);
}
