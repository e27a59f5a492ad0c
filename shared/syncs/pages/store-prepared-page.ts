import { transaction, type Sql } from "#shared/db/connect.ts";
import { noteTitle } from "#shared/documents/comments.ts";
import { followContainer } from "#shared/documents/follow-container.ts";
import { showContained } from "#shared/documents/delete-pages.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { EmbeddedChunk, PageFacts, SwapResult } from "#shared/documents/page-to-store.ts";
import { outdatedFiles, recordOutcome, type FileOutcome } from "#shared/documents/files.ts";
import { noteRenderingFailed } from "#shared/documents/rendered-missing.ts";
import { storePage } from "#shared/documents/store-page.ts";
import { TransientError } from "#shared/errors.ts";
import { FILE_REVISION } from "#shared/extraction/file-revision.ts";
import { queueFiles } from "#shared/syncs/files/list-files.ts";
import { queueOutdatedDocument } from "#shared/syncs/comments/list-comments.ts";
import { clearFailing, isEmbeddingFailing } from "#shared/syncs/operations/failing.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { refreshIncluders } from "#shared/syncs/refreshes/refresh-includers.ts";
import { completedOnce } from "./complete-page.ts";
import { requireIncluded, requireSameGuard } from "./included-rights.ts";
import type { Batch } from "./page-batch.ts";
import { countTokens } from "./page-group.ts";
import type { PreparedPage } from "./prepare-page.ts";
import { endUnchanged } from "./render-again.ts";

/** Swaps one page whose chunks are embedded, and ends its work in the same transaction; false when its work had already ended. */
export async function storePreparedPage(
  batch: Batch,
  { work, state, page, containerId, file, included = [] }: PreparedPage,
  embedded: EmbeddedChunk[],
): Promise<boolean> {
  const { services, source, operation } = batch;
  let open = true;
  const { complete, giveBack } = completedOnce(batch, work);
  const result = await storePage(services.sql, services.embedder, page, {
    now: services.now(),
    model: source.embeddingModel,
    language: source.searchLanguage,
    expectedStateRevision: state?.stateRevision ?? null,
    embedded,
    vectorNumbersAtOnce: services.vectorNumbersAtOnce,
    onTokens: (tokens) => countTokens(batch, tokens),
    afterSwap: async (tx, swap) => {
      await requireSameGuard(tx, source, page.others);
      await requireIncluded(tx, source, page.pageId, included);
      if (file) await recordOutcome(tx, page, file);
      const outcome = outcomeOf(swap, state);
      const counters = { ...countersOf(swap), ...(file ? countersOfFile(file) : {}) };
      open = await complete(tx, { outcome, counters });
      await followOthers(tx, batch, { page, containerId, mayQueue: open });
      if (page.kind !== "comments")
        await refreshWhatShows(tx, batch, { page, state, containerId, mayQueue: open });
      // What it shows may have changed since it was rendered.
      if (page.rendering && open) await queueRefreshes(tx, operation, services.now(), { only: page.pageId });
    },
  }).catch((error: unknown) => {
    giveBack();
    throw error;
  });
  if (result.embeddingsCreated > 0 && isEmbeddingFailing(batch.operation.failing))
    await clearFailing(services.sql, batch.operation.operationId, services.now());
  if (result.outcome === "superseded") open = await settleSuperseded(batch, work, page);
  else reportStored(batch, page, isGone(state));
  warnOfLosses(batch, page);
  return open;
}

/**
 * What comments and files take from the page that they are on, and what a page does for them, in the same transaction. An operation that
 * has ended gets no more work (`mayQueue` false): the next sync finds what is outdated.
 */
async function followOthers(
  tx: Sql,
  { services, source, operation }: Batch,
  { page, containerId, mayQueue }: { page: PageFacts; containerId: string | undefined; mayQueue: boolean },
): Promise<void> {
  const { sourceId, pageId } = page;
  if (containerId !== undefined) {
    if (!(await followContainer(tx, { sourceId, pageId, containerId })))
      throw new TransientError(
        "deleted_meanwhile",
        "The page with these comments or this file was deleted meanwhile",
      );
    return;
  }
  const { comments, attachments } = source.content;
  const containerIds = [pageId];
  if (comments !== "none" || attachments) await showContained(tx, sourceId, pageId);
  if (comments !== "none") await noteTitle(tx, sourceId, pageId, page.title);
  if (!mayQueue) return;
  if (comments !== "none") await queueOutdatedDocument(tx, operation, pageId, services.now());
  if (attachments) {
    const outdated = await outdatedFiles(tx, sourceId, { containerIds, revision: FILE_REVISION });
    await queueFiles(tx, operation, outdated, services.now());
  }
}

/** Makes the pages that show a new version, or a page that was not there, work of the operation. */
async function refreshWhatShows(
  tx: Sql,
  { services, source, operation }: Batch,
  {
    page,
    state,
    containerId,
    mayQueue,
  }: Pick<PreparedPage, "page" | "state" | "containerId"> & { mayQueue: boolean },
): Promise<void> {
  const before = state && state.version > 0 && !isGone(state) ? state : undefined;
  const isFile = containerId !== undefined;
  // A file is renamed and moved, and a live doc edited, without a version.
  const isEdited = page.subtype === "live" && before?.contentHash !== page.contentHash;
  if (before && before.version >= page.version && !isFile && !isEdited) return;
  // Also the one that it was listed by: renamed since, it is shown by that title although no version of it was stored.
  const titles = [page.title, ...(state ? [state.title] : [])];
  const labels = isFile ? [] : [...(page.labels ?? []), ...(state?.labels ?? [])];
  const parentIds = [page.parentId, before?.parentId ?? null].filter((id) => id !== null);
  const isTextOnly = before?.title === page.title && before.parentId === page.parentId;
  const containerIds = isFile ? [containerId] : [];
  const changed = {
    pageId: page.pageId,
    isShown: !isFile,
    titles,
    labels,
    parentIds,
    containerIds,
    isTextOnly,
  };
  // In a first sync every page is new here, and few are new to the pages that show them.
  const isFirstSync = source.metadata.last_sync_timestamp === null;
  const isDated = isFirstSync || (before !== undefined && before.version < page.version && !isFile);
  // The text of a live doc may be later than its version.
  // Whether a page may be shown in another depends on what is stored of it, so that even a later rendering may lack it or have too much.
  const isGuarded = source.access !== "everything";
  const editedAt = isDated && !isGuarded && page.subtype !== "live" ? page.modifiedAt : null;
  // Rendered with the new version and let through by the old one: text of what it shows now, or of the page that now has the title. In a
  // first sync nothing was there to be let through.
  const mayShowTooMuch =
    isGuarded &&
    !isFirstSync &&
    (before?.title !== page.title || (page.others != null && before.showsOthers === false));
  const now = services.now();
  await refreshIncluders(tx, operation, [changed], { mayShowTooMuch, editedAt, mayQueue, now });
}

function warnOfLosses({ services }: Batch, { sourceId, pageId, renderedMissing, textLost }: PageFacts): void {
  const about = { source_id: sourceId, page_id: pageId };
  if (renderedMissing)
    services.log.warn("page.rendered_missing", {
      ...about,
      code: renderedMissing.code,
      attempts: renderedMissing.attempts,
      next_attempt_at: renderedMissing.next_attempt_at,
    });
  if (textLost) services.log.warn("page.text_lost", { ...about, characters: textLost.length });
}

function isGone(state: PageState | undefined): boolean {
  return state !== undefined && (state.isDeleted || state.missingSince !== null);
}

/** Logs one line per page at debug, because a first sync stores thousands; a restored page is always logged. */
function reportStored({ services, operation }: Batch, page: PreparedPage["page"], wasGone: boolean): void {
  const { sourceId, pageId, title, version, chunks } = page;
  const about = { source_id: sourceId, operation_id: operation.operationId, page_id: pageId };
  services.log.debug("page.stored", { ...about, version, chunks: chunks.length });
  if (wasGone) services.log.info("page.restored", { ...about, title });
}

/** A newer version is stored, or rendering failed again: done. Deleted meanwhile: the body may be older, so it is fetched again. */
async function settleSuperseded(batch: Batch, work: ClaimedWork, page: PageFacts): Promise<boolean> {
  const { sql } = batch.services;
  const { sourceId, pageId, version, renderedMissing } = page;
  const [row] = await sql<{ is_deleted: boolean; is_older: boolean }[]>`
    select is_deleted, (version, representation_revision) < (${version}::int, ${page.representationRevision}::int) as is_older from confluence_pages where source_id = ${sourceId} and page_id = ${pageId}`;
  if (row?.is_deleted)
    throw new TransientError("deleted_meanwhile", "The page was deleted while it was being fetched");
  if (row?.is_older && page.kind === "attachment")
    throw new TransientError("changed_meanwhile", "The file was renamed or moved while it was being fetched");
  return transaction(sql, async (tx) => {
    if (renderedMissing) await noteRenderingFailed(tx, { sourceId, pageId, version }, renderedMissing);
    return endUnchanged(batch, work, tx);
  });
}

function outcomeOf(swap: SwapResult, state: PageState | undefined): string {
  if (swap.outcome !== "added") return "updated";
  return state?.isDeleted ? "restored" : "added";
}

function countersOfFile({ result }: FileOutcome): Record<string, number> {
  if (result === "text") return {};
  return result === "no_text" || result === "unsupported_type"
    ? { [`files_${result}`]: 1 }
    : { files_unreadable: 1 };
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
