import type { ConfluencePage } from "#shared/confluence/client.ts";
import { nameOf, syncedPageKinds } from "#shared/content-kinds.ts";
import { readPageStates, type PageState } from "#shared/documents/page-states.ts";
import { RateLimitedError } from "#shared/errors.ts";
import { isRunning } from "#shared/operation-statuses.ts";
import type { Source } from "#shared/sources/sources.ts";
import { countAside } from "#shared/syncs/operations/count-aside.ts";
import { recordDrift } from "#shared/syncs/operations/drift.ts";
import { clearFailing, isEmbeddingFailing } from "#shared/syncs/operations/failing.ts";
import { getOperation, type Operation } from "#shared/syncs/operations/operation.ts";
import { endOfPause, pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import type { ClaimedWork, WorkQueue } from "#shared/syncs/operations/work-claims.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { openSite } from "#shared/syncs/sync-services.ts";
import { keepBodies, takeBodies } from "./fetched-bodies.ts";
import type { Batch, PageServices, WorkerCache } from "./page-batch.ts";
import { settlePageFailure } from "./page-failure.ts";
import { embedGroup, mayJoin } from "./page-group.ts";
import { prepareFile } from "#shared/syncs/files/prepare-file.ts";
import { prepareComments } from "./prepare-comments.ts";
import { preparePage, whyNotHere, type PreparedPage } from "./prepare-page.ts";
import { readRightsAgain } from "#shared/syncs/rights/read-rights-again.ts";
import { requeuePages } from "./requeue-pages.ts";
import { lookUpMentioned } from "./resolve-references.ts";
import { storePreparedPage } from "./store-prepared-page.ts";

/** Time for fetching a rendered body, embedding and storing one page, timeouts included; with less left, the page is requeued. */
export const PAGE_RESERVE_MS = 15_000;
/** The same for a file, with a download and an extraction: the address, 90 s for the function, the rest. */
const FILE_RESERVE_MS = 130_000;
/** Time for preparing one more page of a group, and for embedding and storing all of them. */
const GROUP_RESERVE_MS = 30_000;
/** Time for one more swap. */
const STORE_RESERVE_MS = 5000;
/** With less left for it, nothing is embedded. */
const EMBED_RESERVE_MS = 5000;

/** One invocation of a page worker. */
export type Worker = {
  queue: WorkQueue;
  services: PageServices;
  cache: WorkerCache;
  invocation: { remainingMs: () => number };
};

export type Run = Worker & { operation: Operation; source: Source };

/** "stop": the operation ended, the source is paused, or time is up; the remaining pages are open again. */
type Progress = "continue" | "stop";

/** Processes claimed pages: prepares a group of them, embeds its texts together, swaps page by page; then the next group. */
export async function processClaimed(run: Run, claimed: readonly ClaimedWork[]): Promise<Progress> {
  const { operation, source, services, cache, invocation } = run;
  const open = new Map(claimed.map((work) => [work.pageId, work]));
  let states: Map<string, PageState> = new Map();
  let pages: Map<string, ConfluencePage> = new Map();
  let opened: Batch | null = null;
  const requeueOpen = async (until: Date): Promise<Progress> => {
    // Bodies are kept first: the message may reach the next invocation before this one ends.
    const unused = [...pages.values()].filter((page) => open.has(page.id));
    keepBodies(cache.bodies, unused, { sourceId: source.sourceId, states, now: services.now() });
    await requeuePages(operation, [...open.keys()], { until, holdsClaims: true }, services);
    return "stop";
  };
  const settle = async (
    error: unknown,
    works: readonly ClaimedWork[],
    isBatch: boolean,
  ): Promise<Progress> => {
    if (error instanceof RateLimitedError) return requeueOpen(await pause(source, error, services));
    const progress = await settlePageFailure({ error, works, isBatch, operation, source }, services);
    for (const work of works) open.delete(work.pageId);
    return progress;
  };
  /** Takes pages from the queue. `limited`: Confluence asks for a pause, after which the page is prepared again. */
  const prepareGroup = async (batch: Batch, queue: ClaimedWork[]) => {
    const group: PreparedPage[] = [];
    const hasTime = (work: ClaimedWork) =>
      invocation.remainingMs() >= (group.length === 0 ? reserveMs(work) : GROUP_RESERVE_MS);
    for (let [work] = queue; work && mayJoin(group, work, batch) && hasTime(work); [work] = queue) {
      queue.shift();
      try {
        const state = states.get(work.pageId);
        const prepared = await prepare(batch, work, state, pages.get(work.pageId));
        if (prepared) group.push(prepared);
        else open.delete(work.pageId);
      } catch (error) {
        if (error instanceof RateLimitedError) return { group, limited: error };
        if ((await settle(error, [work], false)) === "stop")
          return { group: [], limited: null, stopped: true };
      }
    }
    return { group, limited: null };
  };
  const storeGroup = async (batch: Batch, group: readonly PreparedPage[]): Promise<Progress> => {
    if (group.length === 0) return "continue";
    const embedMs = invocation.remainingMs() - STORE_RESERVE_MS;
    if (embedMs < EMBED_RESERVE_MS) return requeueOpen(services.now());
    const { ready, failed, isLate } = await embedGroup(batch, group, embedMs);
    for (const { prepared, chunks } of ready) {
      if (invocation.remainingMs() < STORE_RESERVE_MS) return requeueOpen(services.now());
      try {
        const wasOpen = await storePreparedPage(batch, prepared, chunks);
        open.delete(prepared.work.pageId);
        if (!wasOpen && !(await isStillRunning(run))) return "stop";
      } catch (error) {
        if ((await settle(error, [prepared.work], false)) === "stop") return "stop";
      }
    }
    // Last a rate limit, which ends the batch.
    const byError = [...Map.groupBy(failed, ({ error }) => error)].toSorted(
      ([a], [b]) => Number(a instanceof RateLimitedError) - Number(b instanceof RateLimitedError),
    );
    for (const [error, pagesOfError] of byError) {
      // The limit of the model, which is none of Confluence's: the site's other sources, and its pulse, go on.
      if (error instanceof RateLimitedError) {
        const until = endOfPause(error, services);
        services.log.warn("embeddings.paused", { source_id: source.sourceId, until: until.toISOString() });
        return requeueOpen(until);
      }
      const works = pagesOfError.map(({ prepared }) => prepared.work);
      if ((await settle(error, works, false)) === "stop") return "stop";
    }
    return isLate ? requeueOpen(services.now()) : "continue";
  };
  try {
    const client = await openSite(services, source);
    const batch: Batch = {
      operation,
      source,
      client,
      calls: optionalCalls({ ...services, source, skipped: cache.skipped }),
      services,
      cache,
      fetchedIds: new Map(),
      callsCounted: 0,
      tokensToCount: 0,
    };
    opened = batch;
    // Read before the bodies are fetched: if a page is deleted after this, its swap gives up.
    states = await readPageStates(services.sql, source.sourceId, [...open.keys()]);
    for await (const fetched of fetchPages(batch, claimed, states)) {
      pages = fetched.pages;
      const current = [...pages.values()].filter((page) => whyNotHere(batch, page) === null);
      await readRightsAgain(batch, fetched.works, { pages, states });
      batch.fetchedIds = new Map([
        ...batch.fetchedIds,
        ...current.map((page) => [nameOf(page), page.id] as const),
      ]);
      if (operation.failing && !isEmbeddingFailing(operation.failing) && operation.status === "processing")
        await clearFailing(services.sql, operation.operationId, services.now());
      await lookUpMentioned([...pages.values()], {
        client: batch.client,
        calls: batch.calls,
        names: cache.names,
        now: services.now(),
      });
      const queue = fetched.works;
      while (queue.length > 0) {
        const [next] = queue;
        if (next && invocation.remainingMs() < reserveMs(next)) return await requeueOpen(services.now());
        const { group, limited, stopped } = await prepareGroup(batch, queue);
        if (stopped || (await storeGroup(batch, group)) === "stop") return "stop";
        if (limited) return await settle(limited, [], false);
      }
    }
    return (await slowDownNearLimit(batch.client, source, services)) ? "stop" : "continue";
  } catch (error) {
    return await settle(error, [...open.values()], true);
  } finally {
    if (opened) {
      await countAside(services.sql, operation.operationId, {
        rate_limited_calls: opened.client.rateLimitedCalls(),
        embedding_tokens: opened.tokensToCount,
      });
      await recordDrift(opened.client, operation, services);
    }
  }
}

/** What a work of each kind is prepared from: comments from their rows, files from their kept text or by a download of their own. */
async function prepare(
  batch: Batch,
  work: ClaimedWork,
  state: PageState | undefined,
  fetched: ConfluencePage | undefined,
): Promise<PreparedPage | null> {
  if (work.kind === "comments") return prepareComments(batch, work, state);
  if (work.kind === "attachment") return prepareFile(batch, work, state);
  return preparePage(batch, work, fetched, state);
}

function reserveMs({ kind }: ClaimedWork): number {
  return kind === "attachment" ? FILE_RESERVE_MS : PAGE_RESERVE_MS;
}

/** Whether the operation still runs: a page whose work has ended may have been cancelled with it. */
async function isStillRunning({ operation, services }: Run): Promise<boolean> {
  const now = await getOperation(services.sql, operation.operationId);
  return now !== null && isRunning(now.status);
}

/**
 * Comments and files, whose bodies are not fetched in bulk, then the pages. Fetches bodies in bulk, except those that this worker fetched before and could not store. In parts, because all bodies of a batch
 * of large pages do not fit into memory; the last one has the works whose pages Confluence did not return.
 */
async function* fetchPages(
  batch: Batch,
  works: readonly ClaimedWork[],
  states: ReadonlyMap<string, PageState>,
): AsyncGenerator<{ works: ClaimedWork[]; pages: Map<string, ConfluencePage> }> {
  const { client, source, cache, services } = batch;
  const made = works.filter((work) => work.kind !== "page");
  const left = new Map(works.flatMap((work) => (work.kind === "page" ? [[work.pageId, work] as const] : [])));
  if (made.length > 0) yield { works: made, pages: new Map() };
  const part = (found: readonly ConfluencePage[]) => {
    const pages = new Map(found.map((page) => [page.id, page]));
    const own = [...left.values()].filter((work) => pages.has(work.pageId));
    for (const { pageId } of own) left.delete(pageId);
    return { works: own, pages };
  };
  const taken = takeBodies(cache.bodies, works, { sourceId: source.sourceId, states, now: services.now() });
  if (taken.length > 0) yield part(taken);
  if (left.size === 0) return;
  // The row of what failed before it was listed has a guessed kind, and no address.
  const kindOf = (pageId: string) => {
    const state = states.get(pageId);
    return state && (state.version > 0 || state.url !== "") ? state.kind : undefined;
  };
  for (const kind of syncedPageKinds(source.content)) {
    // Where only the id is known, it is requested as one kind after the other.
    const ids = [...left.keys()].filter((id) => (kindOf(id) ?? kind) === kind);
    if (ids.length > 0) for await (const found of client.bodiesById(kind, ids)) yield part(found);
  }
  yield { works: [...left.values()], pages: new Map() };
}
