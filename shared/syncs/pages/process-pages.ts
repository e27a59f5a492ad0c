import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { readPageStates, type PageState } from "#shared/documents/page-states.ts";
import { PermanentError, RateLimitedError } from "#shared/errors.ts";
import type { PageTask } from "#shared/messages.ts";
import { isRunning } from "#shared/operation-statuses.ts";
import { MAX_DELAY_SECONDS } from "#shared/queue/task-queue.ts";
import { getSource, type Source } from "#shared/sources/sources.ts";
import { keepBodies, takeBodies } from "./fetched-bodies.ts";
import { recordDrift } from "#shared/syncs/operations/drift.ts";
import { clearFailing, isEmbeddingFailing } from "#shared/syncs/operations/failing.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import { getOperation, type Operation } from "#shared/syncs/operations/operation.ts";
import { heartbeat } from "#shared/syncs/operations/claims.ts";
import { recordFailure, settlePageFailure } from "./page-failure.ts";
import { lookUpMentioned } from "./resolve-references.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import type { Batch, PageServices, WorkerCache } from "./page-batch.ts";
import { storeFetchedPage } from "./store-fetched-page.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import {
  claimSuspect,
  claimWork,
  findSuspect,
  MAX_CRASHES,
  requeueSuspects,
  type ClaimedWork,
} from "#shared/syncs/operations/work-claims.ts";
import { requeueWork } from "#shared/syncs/operations/work.ts";
import { sendPages } from "#shared/syncs/operations/send-work.ts";

/** Time for fetching a rendered body, embedding and storing one page, timeouts included; with less left, the page is requeued. */
const PAGE_RESERVE_MS = 15_000;

/** One invocation of a page worker. */
type Worker = {
  services: PageServices;
  cache: WorkerCache;
  invocation: { remainingMs: () => number };
};

/**
 * Brings the pages of one operation up to date: fetches bodies in bulk, then converts, chunks, embeds and swaps page by page. An
 * error of a page is recorded in the database (failed, or requeued), so its message is done; what this function throws concerns
 * all pages (no database, no queue) and makes SQS deliver them again.
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
    await requeue(operation, pageIds, { until: source.pausedUntil, holdsClaims: false }, services);
    return;
  }
  const run: Run = { ...worker, operation, source };
  const claimed = await claimWork(services.sql, operationId, pageIds, services.now());
  const stopped = claimed.length > 0 && (await processClaimed(run, claimed)) === "stop";
  if (claimed.length < pageIds.length) {
    if (stopped) await requeueSuspects(services.sql, operationId);
    else await processSuspects(run, claimed.length === 0);
  }
  await finishOperation(operationId, services);
}

type Run = Worker & { operation: Operation; source: Source };

/**
 * Processes the operation's suspects one at a time, so that a page that crashes its worker affects no other page. One that has
 * crashed a worker before gets a whole invocation. The next invocation resumes with the rest.
 */
async function processSuspects(run: Run, isFresh: boolean): Promise<void> {
  const { operation, services, invocation } = run;
  const { sql, now } = services;
  const { operationId } = operation;
  for (let first = isFresh; invocation.remainingMs() >= PAGE_RESERVE_MS; first = false) {
    const work = await claimSuspect(sql, operationId, { untried: !first, now: now() });
    if (!work) break;
    if (work.crashes >= MAX_CRASHES) await giveUp(work, operation, services);
    else if ((await processClaimed(run, [work])) === "stop") return requeueSuspects(sql, operationId);
  }
  const next = await findSuspect(sql, operationId, now());
  if (next) await sendPages(services, operation, [next], { now: now(), delaySeconds: 0 });
}

/** "stop": the operation ended, the source is paused, or time is up; the remaining pages are open again. */
async function processClaimed(run: Run, claimed: readonly ClaimedWork[]): Promise<"continue" | "stop"> {
  const { operation, source, services, cache, invocation } = run;
  const open = new Map(claimed.map((work) => [work.pageId, work]));
  let states: Map<string, PageState> = new Map();
  let pages: Map<string, ConfluencePage> = new Map();
  let client: ConfluenceClient | null = null;
  const requeueOpen = async (until: Date) => {
    // Bodies are kept first: the message may reach the next invocation before this one ends.
    const unused = [...pages.values()].filter((page) => open.has(page.id));
    keepBodies(cache.bodies, unused, { sourceId: source.sourceId, states, now: services.now() });
    await requeue(operation, [...open.keys()], { until, holdsClaims: true }, services);
  };
  const settle = async (
    error: unknown,
    works: readonly ClaimedWork[],
    isBatch: boolean,
  ): Promise<"continue" | "stop"> => {
    if (error instanceof RateLimitedError) {
      await requeueOpen(await pause(source, error, services));
      return "stop";
    }
    return settlePageFailure({ error, works, isBatch, operation }, services);
  };
  try {
    client = await openSite(services, source);
    const batch: Batch = {
      operation,
      source,
      client,
      calls: optionalCalls({ ...services, source, skipped: cache.skipped }),
      services,
      cache,
      callsCounted: 0,
    };
    // Read before the bodies are fetched: if a page is deleted after this, its swap gives up.
    states = await readPageStates(services.sql, source.sourceId, [...open.keys()]);
    pages = await fetchPages(batch, claimed, states);
    if (operation.failing && !isEmbeddingFailing(operation.failing) && operation.status === "processing")
      await clearFailing(services.sql, operation.operationId, services.now());
    await lookUpMentioned([...pages.values()], {
      client: batch.client,
      calls: batch.calls,
      names: cache.names,
      now: services.now(),
    });
    for (const work of claimed) {
      if (invocation.remainingMs() < PAGE_RESERVE_MS) {
        await requeueOpen(services.now());
        return "stop";
      }
      try {
        await storeFetchedPage(batch, work, pages.get(work.pageId), states.get(work.pageId));
      } catch (error) {
        if ((await settle(error, [work], false)) === "stop") return "stop";
      }
      open.delete(work.pageId);
    }
    return (await slowDownNearLimit(batch.client, source, services)) ? "stop" : "continue";
  } catch (error) {
    return await settle(error, [...open.values()], true);
  } finally {
    if (client) await recordDrift(client, operation, services);
  }
}

const idsOf = (works: readonly ClaimedWork[]) => works.map((work) => work.pageId);

async function giveUp(work: ClaimedWork, operation: Operation, services: PageServices): Promise<void> {
  const message = `The worker crashed ${work.crashes} times while it processed this page alone`;
  const error = new PermanentError("worker_died", message);
  await recordFailure({ error, works: [work], isBatch: false, operation }, work, services);
}

/** Fetches bodies in bulk, except those that this worker fetched before and could not store. */
async function fetchPages(
  batch: Batch,
  works: readonly ClaimedWork[],
  states: ReadonlyMap<string, PageState>,
): Promise<Map<string, ConfluencePage>> {
  const { client, source, cache, services } = batch;
  const taken = takeBodies(cache.bodies, works, { sourceId: source.sourceId, states, now: services.now() });
  const pages = new Map(taken.map((page) => [page.id, page]));
  const missing = idsOf(works).filter((id) => !pages.has(id));
  if (missing.length === 0) return pages;
  for (const page of await client.pagesById(missing, { body: "storage" })) pages.set(page.id, page);
  return pages;
}

/** Requeues pages with a delay until `until` (up to SQS's 15 minutes; the sweeper sends those that wait longer). */
async function requeue(
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
