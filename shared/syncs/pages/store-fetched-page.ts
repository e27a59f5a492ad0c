import { transaction, type Sql } from "#shared/db/connect.ts";
import { UNREADABLE, type ConfluencePage } from "#shared/confluence/client.ts";
import { isNewer } from "#shared/documents/is-newer.ts";
import { recordPageError, type PageState } from "#shared/documents/page-states.ts";
import {
  isRenderingDue,
  noteRenderingFailed,
  renderingFailed,
  type RenderedMissing,
} from "#shared/documents/rendered-missing.ts";
import type { SwapResult } from "#shared/documents/page-to-store.ts";
import { storePage } from "#shared/documents/store-page.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { NOT_CURRENT } from "#shared/syncs/listing/compare-listing.ts";
import { processConfluencePage, readCompletePage } from "./confluence-processor.ts";
import type { Batch } from "./page-batch.ts";
import { resolveReferences } from "./resolve-references.ts";
import { clearFailing, isEmbeddingFailing } from "#shared/syncs/operations/failing.ts";
import { completeWork } from "#shared/syncs/operations/work.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";

/**
 * Converts, embeds and swaps one fetched page, and ends its work in the swap's own transaction. A page that is no longer current
 * in this space is left unchanged: only a deletion check deletes.
 */
export async function storeFetchedPage(
  batch: Batch,
  work: ClaimedWork,
  fetched: ConfluencePage | undefined,
  state: PageState | undefined,
): Promise<void> {
  if (!fetched)
    throw new PermanentError(
      "not_visible",
      "Confluence listed the page, but did not return it when requested by id",
    );
  if (fetched.status === UNREADABLE)
    throw new PermanentError("invalid_answer", "Confluence returned the page without its title or version");
  const absence = whyNotHere(batch, fetched);
  if (absence) {
    await skip(batch, work, absence);
    return;
  }
  if (fetched.bodyTooLarge)
    throw new PermanentError("body_too_large", "The page's body is larger than 20 MB");
  requireVersion(fetched, work.listedVersion);
  const { services, source } = batch;
  if (isStored(fetched, state, services.now())) {
    await complete(services.sql, batch, work, { outcome: "unchanged", counters: {} });
    return;
  }
  const read = await readCompletePage(batch.client, batch.calls, fetched);
  const { page, notRendered } = read;
  requireVersion(page, fetched.version);
  const now = services.now();
  const renderedMissing = notRendered && renderingFailed(notRendered, state?.renderedMissing ?? null, now);
  const resolver = await resolveReferences(read, {
    sql: services.sql,
    client: batch.client,
    calls: batch.calls,
    source,
    names: batch.cache.names,
    now,
  });
  const { chunks, contentHash, textLost } = processConfluencePage(read, resolver);
  const result = await storePage(
    services.sql,
    services.embedder,
    {
      sourceId: source.sourceId,
      pageId: page.id,
      title: page.title,
      version: page.version,
      representationRevision: REPRESENTATION_REVISION,
      status: page.status,
      parentId: page.parentId,
      parentType: page.parentType,
      url: page.url,
      labels: page.labels,
      contentHash,
      modifiedAt: page.modifiedAt,
      textLost,
      renderedMissing,
      chunks,
    },
    {
      now: services.now(),
      model: source.embeddingModel,
      language: source.searchLanguage,
      expectedStateRevision: state?.stateRevision ?? null,
      afterSwap: (tx, swap) =>
        complete(tx, batch, work, { outcome: outcomeOf(swap, state), counters: countersOf(swap) }),
    },
  );
  if (result.embeddingsCreated > 0 && isEmbeddingFailing(batch.operation.failing))
    await clearFailing(services.sql, batch.operation.operationId, services.now());
  if (result.outcome === "superseded") await settleSuperseded(batch, work, page, renderedMissing);
  else reportStored(batch, { page, chunks: chunks.length, wasGone: isGone(state) });
  if (renderedMissing)
    services.log.warn("page.rendered_missing", {
      source_id: source.sourceId,
      page_id: page.id,
      code: renderedMissing.code,
      attempts: renderedMissing.attempts,
      next_attempt_at: renderedMissing.next_attempt_at,
    });
  if (textLost)
    services.log.warn("page.text_lost", {
      source_id: source.sourceId,
      page_id: page.id,
      characters: textLost.length,
    });
}

function isGone(state: PageState | undefined): boolean {
  return state !== undefined && (state.isDeleted || state.missingSince !== null);
}

/** Logs one line per page at debug, because a first sync stores thousands; a restored page is always logged. */
function reportStored(
  { services, operation, source }: Batch,
  stored: { page: ConfluencePage; chunks: number; wasGone: boolean },
): void {
  const { page, chunks, wasGone } = stored;
  const about = { source_id: source.sourceId, operation_id: operation.operationId, page_id: page.id };
  services.log.debug("page.stored", { ...about, version: page.version, chunks });
  if (wasGone) services.log.info("page.restored", { ...about, title: page.title });
}

function whyNotHere(batch: Batch, page: ConfluencePage): string | null {
  if (page.status !== "current") return `The page's status in Confluence is ${page.status}`;
  if (page.spaceId !== null && page.spaceId !== batch.source.spaceId)
    return "The page was moved to another space";
  return null;
}

/** Confluence's replicas lag each other. A response older than the version seen before is refused: the edit would be lost. */
function requireVersion(page: ConfluencePage, seen: number | null): void {
  if (seen === null || page.version >= seen) return;
  throw new TransientError(
    "older_version",
    `Confluence returned version ${page.version} of a page that already has version ${seen}`,
  );
}

/** True for late and repeated messages: the body was fetched again, in bulk with others, but nothing else is repeated. */
function isStored(page: ConfluencePage, state: PageState | undefined, now: Date): boolean {
  if (isRenderingDue(state?.renderedMissing ?? null, now)) return false;
  if (!state || state.isDeleted || state.version === 0 || state.missingSince || state.syncError) return false;
  return !isNewer({ version: page.version, representationRevision: REPRESENTATION_REVISION }, state);
}

async function skip(batch: Batch, work: ClaimedWork, message: string): Promise<void> {
  const { services, operation } = batch;
  await transaction(services.sql, async (tx) => {
    await complete(tx, batch, work, { outcome: "skipped", counters: {}, reason: message });
    // The watermark moves past it, so each sync looks at it again until a check has decided.
    const error = { code: NOT_CURRENT, message, permanent: false };
    await recordPageError(tx, {
      sourceId: operation.sourceId,
      pageId: work.pageId,
      ...(work.listedVersion === null ? {} : { version: work.listedVersion }),
      error,
      now: services.now(),
    });
  });
}

/** A newer version is stored, or rendering failed again: done. Deleted meanwhile: the body may be older, so it is fetched again. */
async function settleSuperseded(
  batch: Batch,
  work: ClaimedWork,
  page: ConfluencePage,
  renderedMissing: RenderedMissing | null,
): Promise<void> {
  const { services, source } = batch;
  const [row] = await services.sql<{ is_deleted: boolean }[]>`
    select is_deleted from confluence_pages where source_id = ${source.sourceId} and page_id = ${work.pageId}`;
  if (row?.is_deleted)
    throw new TransientError("deleted_meanwhile", "The page was deleted while it was being fetched");
  await transaction(services.sql, async (tx) => {
    const stored = { sourceId: source.sourceId, pageId: page.id, version: page.version };
    if (renderedMissing) await noteRenderingFailed(tx, stored, renderedMissing);
    await complete(tx, batch, work, { outcome: "unchanged", counters: {} });
  });
}

async function complete(
  tx: Sql,
  batch: Batch,
  work: ClaimedWork,
  result: { outcome: string; counters: Record<string, number>; reason?: string },
): Promise<void> {
  const calls = batch.client.callsMade() - batch.callsCounted;
  await completeWork(
    tx,
    { operationId: batch.operation.operationId, pageId: work.pageId },
    {
      state: "done",
      outcome: result.outcome,
      reason: result.reason ?? null,
      counters: { ...result.counters, api_calls_made: calls },
      now: batch.services.now(),
    },
  );
  batch.callsCounted += calls;
}

function outcomeOf(swap: SwapResult, state: PageState | undefined): string {
  if (swap.outcome !== "added") return "updated";
  return state?.isDeleted ? "restored" : "added";
}

function countersOf(swap: SwapResult): Record<string, number> {
  return {
    chunks_added: swap.chunksAdded,
    chunks_kept: swap.chunksKept,
    chunks_removed: swap.chunksRemoved,
    embeddings_created: swap.embeddingsCreated,
    embeddings_reused: swap.embeddingsReused,
  };
}
