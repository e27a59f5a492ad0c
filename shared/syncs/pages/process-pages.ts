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
import { postponeWork } from "#shared/syncs/operations/work.ts";
import { sendPages } from "#shared/syncs/operations/send-work.ts";

/** Fetching a rendered body, embedding and storing one page fit into this, timeouts included; with less left, it is sent again. */
const PAGE_RESERVE_MS = 15_000;

/** One invocation of a page worker. */
type Worker = {
  services: PageServices;
  cache: WorkerCache;
  invocation: { remainingMs: () => number };
};

/**
 * Brings the pages of one operation up to date: bodies in bulk, then page by page convert, chunk, embed, swap. Every fault of a
 * page is settled in the database (failed, or open and sent again), so its message is done with; what this throws concerns all
 * of them (no database, no queue) and makes SQS deliver them again.
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
    await putBack(operation, pageIds, { until: source.pausedUntil, mine: false }, services);
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
 * The operation's suspects, each alone: whichever crashes its worker takes no other page along. One that has crashed a worker
 * gets an invocation's whole time. The next invocation resumes with what is left.
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

/** "stop": the operation ended, the source waits, or the time is up; what was left is open again. */
async function processClaimed(run: Run, claimed: readonly ClaimedWork[]): Promise<"go on" | "stop"> {
  const { operation, source, services, cache, invocation } = run;
  const open = new Map(claimed.map((work) => [work.pageId, work]));
  let states: Map<string, PageState> = new Map();
  let pages: Map<string, ConfluencePage> = new Map();
  let client: ConfluenceClient | null = null;
  const putBackOpen = async (until: Date) => {
    // Kept first: the message may reach the next invocation before this one ends.
    const unused = [...pages.values()].filter((page) => open.has(page.id));
    keepBodies(cache.bodies, unused, { sourceId: source.sourceId, states, now: services.now() });
    await putBack(operation, [...open.keys()], { until, mine: true }, services);
  };
  const settle = async (
    error: unknown,
    works: readonly ClaimedWork[],
    isBatch: boolean,
  ): Promise<"go on" | "stop"> => {
    if (error instanceof RateLimitedError) {
      await putBackOpen(await pause(source, error, services));
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
    // Read before the bodies are: who deletes a page after this makes the swap give up.
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
        await putBackOpen(services.now());
        return "stop";
      }
      try {
        await storeFetchedPage(batch, work, pages.get(work.pageId), states.get(work.pageId));
      } catch (error) {
        if ((await settle(error, [work], false)) === "stop") return "stop";
      }
      open.delete(work.pageId);
    }
    return (await slowDownNearLimit(batch.client, source, services)) ? "stop" : "go on";
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

/** In as few calls as bodies in bulk allow; none for those that this worker fetched before and could not store. */
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

/** Open again, from `until` on: sent with that delay (up to SQS's 15 minutes; the sweeper sends what waits longer). */
async function putBack(
  operation: Operation,
  pageIds: readonly string[],
  wait: { until: Date; mine: boolean },
  services: PageServices,
): Promise<void> {
  const now = services.now();
  await postponeWork(services.sql, operation.operationId, pageIds, {
    notBefore: wait.until,
    mine: wait.mine,
    refund: wait.mine,
    now,
  });
  const delaySeconds = Math.ceil(Math.max(0, wait.until.getTime() - now.getTime()) / 1000);
  if (delaySeconds > MAX_DELAY_SECONDS) return;
  await sendPages(services, operation, pageIds, { now, delaySeconds });
}
