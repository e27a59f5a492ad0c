import type { ConfluencePage } from "#shared/confluence/client.ts";
import { readPageStates, type PageState } from "#shared/documents/page-states.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import type { PageTask } from "#shared/messages.ts";
import { MAX_DELAY_SECONDS } from "#shared/queue/task-queue.ts";
import { getSource, type Source } from "#shared/sources/sources.ts";
import { keepBodies, takeBodies } from "./fetched-bodies.ts";
import { clearFailing } from "#shared/syncs/operations/failing.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import { getOperation, heartbeat, type Operation } from "#shared/syncs/operations/operations.ts";
import { recordFailure, settlePageFailure } from "./page-failure.ts";
import { lookUpMentioned } from "./resolve-references.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/run-operation.ts";
import type { Batch, PageServices, WorkerCache } from "./page-batch.ts";
import { separateSuspects } from "./page-suspects.ts";
import { storeFetchedPage } from "./store-fetched-page.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { claimWork, postponeWork, sendPages, type ClaimedWork } from "#shared/syncs/operations/work.ts";

/** Fetching a rendered body, embedding and storing one page fit into this, timeouts included; with less left, it is sent again. */
const PAGE_RESERVE_MS = 15_000;

/**
 * Brings the pages of one operation up to date: bodies in bulk, then page by page convert, chunk, embed, swap. Every fault of a
 * page is settled in the database (failed, or open and sent again), so its message is done with; what this throws concerns all
 * of them (no database, no queue) and makes SQS deliver them again.
 */
export async function processPages(
  operationId: string,
  tasks: readonly PageTask[],
  services: PageServices,
  cache: WorkerCache,
  invocation: { remainingMs: () => number },
): Promise<void> {
  const operation = await getOperation(services.sql, operationId);
  // Messages of an operation that ended, or of a source that is being deleted, are dropped.
  if (!operation || !["queued", "listing", "processing"].includes(operation.status)) return;
  const source = await getSource(services.sql, operation.sourceId);
  if (!source || source.status === "deleting") return;
  const pageIds = [...new Set(tasks.map((task) => task.page_id))];
  await heartbeat(services.sql, operationId, services.now());
  if (source.pausedUntil && source.pausedUntil > services.now()) {
    await putBack(operation, pageIds, { until: source.pausedUntil, mine: false }, services);
    return;
  }
  const claimed = await claimWork(services.sql, operationId, pageIds, services.now());
  const suspects = separateSuspects(claimed);
  await recordDeadly(operation, source, suspects.deadly, services);
  await putBack(operation, idsOf(suspects.later), { until: services.now(), mine: true }, services);
  if (suspects.now.length > 0) {
    await processClaimed(operation, source, suspects.now, services, cache, invocation);
  }
  await finishOperation(operationId, services);
}

async function processClaimed(
  operation: Operation,
  source: Source,
  claimed: readonly ClaimedWork[],
  services: PageServices,
  cache: WorkerCache,
  invocation: { remainingMs: () => number },
): Promise<void> {
  const open = new Map(claimed.map((work) => [work.pageId, work]));
  let states: Map<string, PageState> = new Map();
  let pages: Map<string, ConfluencePage> = new Map();
  const putBackOpen = async (until: Date) => {
    // Kept first: the message may reach the next invocation before this one ends.
    const unused = [...pages.values()].filter((page) => open.has(page.id));
    keepBodies(cache.bodies, source.sourceId, unused, states, services.now());
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
    return settlePageFailure({ error, works, isBatch, operation, source }, services);
  };
  try {
    const batch: Batch = {
      operation,
      source,
      client: await openSite(services, source),
      calls: optionalCalls({ ...services, source, skipped: cache.skipped }),
      services,
      cache,
      callsCounted: 0,
    };
    // Read before the bodies are: who deletes a page after this makes the swap give up.
    states = await readPageStates(services.sql, source.sourceId, [...open.keys()]);
    pages = await fetchPages(batch, claimed, states);
    if (operation.failing && operation.status === "processing")
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
        return;
      }
      try {
        await storeFetchedPage(batch, work, pages.get(work.pageId), states.get(work.pageId));
      } catch (error) {
        if ((await settle(error, [work], false)) === "stop") return;
      }
      open.delete(work.pageId);
    }
    await slowDownNearLimit(batch.client, source, services);
  } catch (error) {
    await settle(error, [...open.values()], true);
  }
}

const idsOf = (works: readonly ClaimedWork[]) => works.map((work) => work.pageId);

async function recordDeadly(
  operation: Operation,
  source: Source,
  works: readonly ClaimedWork[],
  services: PageServices,
): Promise<void> {
  for (const work of works) {
    const message = `${work.deaths} workers died while they were at this page, or at others beside it`;
    const error = new PermanentError("worker_died", message);
    await recordFailure({ error, works, isBatch: false, operation, source }, work, services);
  }
}

/** In as few calls as bodies in bulk allow; none for those that this worker fetched before and could not store. */
async function fetchPages(
  batch: Batch,
  works: readonly ClaimedWork[],
  states: ReadonlyMap<string, PageState>,
): Promise<Map<string, ConfluencePage>> {
  const { client, source, cache, services } = batch;
  const pages = new Map(
    takeBodies(cache.bodies, source.sourceId, works, states, services.now()).map((page) => [page.id, page]),
  );
  const missing = idsOf(works).filter((id) => !pages.has(id));
  if (missing.length === 0) return pages;
  for (const page of await client.pagesById(missing, { body: "storage" })) {
    if (!missing.includes(page.id))
      throw new TransientError("invalid_answer", `Confluence sent page ${page.id}, which was not asked for`);
    pages.set(page.id, page);
  }
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
  await sendPages(services.sql, services.queue, operation, pageIds, { now, delaySeconds });
}
