import { readCommentsOf } from "#shared/documents/comments.ts";
import { documentEmbedder } from "#shared/documents/embed-pages.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import { PermanentError } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { chunkThreads, threadsOf, type Thread } from "#shared/syncs/comments/comments-document.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { completePage } from "./complete-page.ts";
import type { Batch } from "./page-batch.ts";
import type { PreparedPage } from "./prepare-page.ts";
import { resolveReferences } from "./resolve-references.ts";

/**
 * Makes the document of a container's comments from the stored ones, without a call to Confluence except for the names of mentioned
 * people. Null when nothing is to be stored: it is stored already, or search does not find the container (any more).
 */
export async function prepareComments(
  batch: Batch,
  work: ClaimedWork,
  state: PageState | undefined,
): Promise<PreparedPage | null> {
  const { services, source } = batch;
  const end = async (outcome: "skipped" | "unchanged", reason?: string) => {
    await completePage(services.sql, batch, work, { outcome, counters: {}, ...(reason ? { reason } : {}) });
    return null;
  };
  if (source.content.comments === "none") return end("skipped", "This kind of content was switched off");
  const found = await readCommentsOf(services.sql, source.sourceId, work.pageId);
  if (!found) return end("skipped", "What the comments are on is not stored, or not visible");
  if (state && isStored(state, found)) return end("unchanged");
  const threads = threadsOf(found.comments, source.content.comments);
  const model = documentEmbedder(services.embedder, source.embeddingModel);
  const { texts, textLost } = await convert(batch, found, threads);
  const { chunks, contentHash } = chunkThreads(found.title, threads, ({ id }) => texts.get(id) ?? "", model);
  const modified = threads.flatMap((thread) =>
    thread.comments.map((comment) => comment.modifiedAt?.getTime() ?? 0),
  );
  return {
    work,
    state,
    containerId: found.containerId,
    page: {
      sourceId: source.sourceId,
      pageId: work.pageId,
      kind: "comments",
      title: found.title,
      version: found.revision,
      representationRevision: REPRESENTATION_REVISION,
      status: "current",
      parentId: null,
      parentType: null,
      url: found.url,
      labels: found.labels,
      contentHash,
      modifiedAt: modified.length === 0 ? null : new Date(Math.max(...modified)),
      textLost,
      renderedMissing: null,
      chunks,
    },
  };
}

function isStored(state: PageState, found: { revision: number }): boolean {
  if (state.isDeleted || state.missingSince || state.syncError) return false;
  return state.version >= found.revision && state.representationRevision >= REPRESENTATION_REVISION;
}

/** The comments of the threads as Markdown. One that cannot be converted is left out, which is recorded as lost text. */
async function convert(
  batch: Batch,
  found: { containerId: string; title: string; url: string },
  threads: readonly Thread[],
): Promise<{ texts: Map<string, string>; textLost: string | null }> {
  const { services, source, client, calls, cache, fetchedIds } = batch;
  const context = {
    sql: services.sql,
    client,
    calls,
    source,
    names: cache.names,
    fetchedIds,
    now: services.now(),
  };
  const texts = new Map<string, string>();
  const lost: string[] = [];
  for (const comment of threads.flatMap((thread) => thread.comments)) {
    try {
      const content = readPage({ format: "storage", value: comment.body });
      const page = { id: found.containerId, title: found.title, url: comment.url };
      const converted = content.toMarkdown(await resolveReferences({ page, content }, context));
      texts.set(comment.id, converted.markdown);
      if (converted.textLost) lost.push(converted.textLost);
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      lost.push(`comment ${comment.id}: ${error.message}`);
    }
  }
  return { texts, textLost: lost.length === 0 ? null : lost.join("\n") };
}
