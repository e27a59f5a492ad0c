import { UNREADABLE, type ConfluencePage } from "#shared/confluence/client.ts";
import { syncedKinds } from "#shared/content-kinds.ts";
import { documentEmbedder, type ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import type { FileOutcome } from "#shared/documents/files.ts";
import { isNewer } from "#shared/documents/is-newer.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { PageFacts } from "#shared/documents/page-to-store.ts";
import { isRenderingDue, renderingFailed } from "#shared/documents/rendered-missing.ts";
import { transaction } from "#shared/db/connect.ts";
import { isOutdated, postponeRefresh } from "#shared/documents/renderings.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { later } from "#shared/syncs/later.ts";
import { completePage, skipPage } from "./complete-page.ts";
import { processConfluencePage, readCompletePage } from "./confluence-processor.ts";
import { hidesItsText, keepText } from "./live-docs.ts";
import type { Batch } from "./page-batch.ts";
import { includedText, othersIn } from "./included-rights.ts";
import {
  endUnchanged,
  keepsRendering,
  noteRendered,
  renderingTime,
  RETRY_RENDERING_MS,
  showsTheSame,
  storedDependencies,
  storedMessages,
} from "./render-again.ts";
import { resolveReferences } from "./resolve-references.ts";

/** A page that only lacks its vectors; `state`: as it was stored before its body was fetched. */
export type PreparedPage = {
  work: ClaimedWork;
  state: PageState | undefined;
  /** Of a document of comments, or a file: what they are on. */
  containerId?: string;
  /** Of a file. */
  file?: FileOutcome;
  page: PageFacts & { chunks: readonly ChunkToEmbed[] };
  /** The pages whose text it shows, if rights are carried over: they must still let it when it is stored. */
  included?: readonly PageDependency[];
};

/**
 * Reads, converts and chunks one fetched page. Null when nothing of it is to be stored, and its work has ended: it is stored
 * already, or no longer current in this space.
 */
export async function preparePage(
  batch: Batch,
  work: ClaimedWork,
  fetched: ConfluencePage | undefined,
  state: PageState | undefined,
): Promise<PreparedPage | null> {
  if (!fetched)
    throw new PermanentError(
      "not_visible",
      "Confluence listed the page, but did not return it when requested by id",
    );
  if (fetched.status === UNREADABLE)
    throw new PermanentError("invalid_answer", "Confluence returned the page without its title or version");
  if (!syncedKinds(batch.source.content).includes(fetched.kind)) {
    const reason = "This kind of content was switched off";
    await completePage(batch.services.sql, batch, work, { outcome: "skipped", counters: {}, reason });
    return null;
  }
  const absence = whyNotHere(batch, fetched);
  if (absence) {
    await skipPage(batch, work, absence);
    return null;
  }
  if (fetched.bodyTooLarge)
    throw new PermanentError("body_too_large", "The page's body is larger than 20 MB");
  requireVersion(fetched, work.listedVersion);
  const { services, source } = batch;
  if (isStored(fetched, state, services.now())) {
    await endUnchanged(batch, work);
    return null;
  }
  const started = { revision: state?.rendering?.shownRevision ?? 0, ...renderingTime(batch) };
  const read = await readCompletePage(
    batch.client,
    batch.calls,
    fetched,
    includedText({ client: batch.client, source, sql: services.sql }, fetched.id),
  );
  const { page, notRendered, included } = read;
  requireVersion(page, fetched.version);
  const now = services.now();
  if (notRendered && state && keepsRendering(state, page)) {
    await transaction(services.sql, async (tx) => {
      await postponeRefresh(
        tx,
        { sourceId: source.sourceId, pageId: page.id },
        later(now, RETRY_RENDERING_MS),
      );
      await endUnchanged(batch, work, tx);
    });
    return null;
  }
  const dependencies = storedDependencies(read.content.dependencies, { pageId: page.id, source });
  const rendering =
    dependencies.length === 0
      ? null
      : { ...started, dependencies, failedMacros: storedMessages(read.content.failedMacros) };
  const renderedMissing = notRendered && renderingFailed(notRendered, state?.renderedMissing ?? null, now);
  const resolver = await resolveReferences(read, {
    sql: services.sql,
    client: batch.client,
    calls: batch.calls,
    source,
    names: batch.cache.names,
    fetchedIds: batch.fetchedIds,
    now,
  });
  const { chunks, contentHash, textLost } = processConfluencePage(
    read,
    resolver,
    documentEmbedder(services.embedder, source.embeddingModel),
  );
  if (hidesItsText({ ...page, contentHash }, state)) {
    await keepText(batch, work, page, state);
    return null;
  }
  const prepared: PreparedPage = {
    work,
    state,
    included,
    page: {
      sourceId: source.sourceId,
      pageId: page.id,
      kind: page.kind,
      title: page.title,
      version: page.version,
      representationRevision: REPRESENTATION_REVISION,
      status: page.status,
      parentId: page.parentId,
      parentType: page.parentType,
      subtype: page.subtype,
      url: page.url,
      labels: page.labels,
      contentHash,
      modifiedAt: page.modifiedAt,
      textLost,
      renderedMissing,
      others: othersIn(read.content, source),
      rendering,
      chunks,
    },
  };
  if (rendering && state && showsTheSame(prepared.page, state)) {
    await noteRendered(batch, prepared, rendering);
    return null;
  }
  return prepared;
}

/** Why a fetched page is not one of the source's; null if it is. */
export function whyNotHere(batch: Batch, page: ConfluencePage): string | null {
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
  // Only its text says whether that is stored.
  if (page.subtype === "live") return false;
  if (isRenderingDue(state?.renderedMissing ?? null, now)) return false;
  if (!state || state.isDeleted || state.version === 0 || state.missingSince || state.syncError) return false;
  if (isOutdated(state.rendering)) return false;
  return !isNewer({ version: page.version, representationRevision: REPRESENTATION_REVISION }, state);
}
