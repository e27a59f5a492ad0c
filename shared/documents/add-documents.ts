import type postgres from "postgres";
import { pipelined } from "#shared/db/pipelined.ts";
import { retriedTransaction } from "#shared/db/retried-transaction.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { compareChunks, type ChunkChanges, type StoredChunk } from "./chunk-changes.ts";
import { isSuperseded, requireVisible, type LockedPage } from "./is-superseded.ts";
import type { PageToStore, SwapResult } from "./page-to-store.ts";
import { keepPreviousChunks } from "./previous-chunks.ts";
import { readRendering, removeRenderings, writeRendering } from "./renderings.ts";
import { insertStaged } from "./staged-chunks.ts";
import {
  deleteStale,
  embedKept,
  insertNew,
  markStale,
  moveKept,
  renumberKept,
  ROWS_PER_STATEMENT,
} from "./write-chunks.ts";

export type SwapOptions = {
  now: Date;
  /** The model of the vectors; refused (`model_changed`) when the source uses another model by now, unless it is `leaving` that one. */
  model: string;
  /** A model that this deployment has no embedder of. */
  leaving?: string | null;
  /** The source's text search configuration, such as `english` or `simple`. */
  language: string;
  /** The page's `state_revision` as read before its body was fetched; null if it had no row. */
  expectedStateRevision: number | null;
  /** Runs in the same transaction, after the swap, only if something was written. */
  afterSwap?: (tx: postgres.TransactionSql, result: SwapResult) => Promise<void>;
  /** Called with the code of each conflict after which the transaction was retried. */
  onRetry?: (code: string) => void;
};

/**
 * The document storage service: replaces a page's chunks in one short transaction, so that a reader sees either the old page or the
 * new one, never a mix, never nothing. Chunks whose input did not change keep row and vector. Nothing is written when the
 * stored page is not older (`superseded`). Throws `TransientError("reuse_lost")` when a vector to be reused is
 * gone: embed those chunks and call again; `hidden_meanwhile` when the page was hidden after its body was fetched.
 */
export async function addDocuments(
  sql: postgres.Sql,
  page: PageToStore,
  options: SwapOptions,
): Promise<SwapResult> {
  return retriedTransaction(
    sql,
    async (tx) => {
      const { stored, chunks } = await lockAndRead(tx, page, options);
      if (isSuperseded(stored, page, options.expectedStateRevision)) {
        await clearError(tx, page, stored);
        return NOTHING_WRITTEN;
      }
      requireVisible(stored, options.expectedStateRevision);
      const changes = compareChunks(chunks, page.chunks);
      if (changes.missingVectors.length > 0) {
        throw new TransientError(
          "reuse_lost",
          "Stored vectors of this page were deleted meanwhile: embed it again",
          {
            details: { inputs: changes.missingVectors.length },
          },
        );
      }
      const result = swapResult(stored, changes);
      const writes = [
        () => keepPreviousChunks(tx, page, changes, { version: stored.version, now: options.now }),
        () => markStale(tx, changes.staleIds),
        () => renumberKept(tx, page, changes.kept),
        () => moveKept(tx, page, changes.kept, options.language),
        () => embedKept(tx, page, changes.kept, options.model),
        () =>
          insertNew(
            tx,
            page,
            changes.added.filter(({ chunk }) => !chunk.stagedId),
            options,
          ),
        () =>
          insertStaged(
            tx,
            page,
            changes.added.filter(({ chunk }) => chunk.stagedId),
            options,
          ),
        () => deleteStale(tx, changes.staleIds),
        () => updatePage(tx, page, options),
        async () => {
          await updateRendering(tx, page, stored, options.now);
          await options.afterSwap?.(tx, result);
        },
      ];
      // Vectors in several statements are sent in turn: together they would not fit into memory.
      if (page.chunks.length > ROWS_PER_STATEMENT) for (const write of writes) await write();
      else await pipelined(writes);
      return result;
    },
    options.onRetry,
  );
}

const NOTHING_WRITTEN: SwapResult = {
  outcome: "superseded",
  chunksAdded: 0,
  chunksKept: 0,
  chunksRemoved: 0,
  embeddingsCreated: 0,
  embeddingsReused: 0,
};

/**
 * Locks the page, whose row is made if it has none, and reads its chunks. All in one round trip if there is a row: the server runs
 * each statement after the one before, so that it sees what a lock waited for.
 */
async function lockAndRead(
  tx: postgres.TransactionSql,
  page: PageToStore,
  options: SwapOptions,
): Promise<{ stored: LockedPage; chunks: StoredChunk[] }> {
  const [, [stored], rendering, chunks] = await pipelined([
    () => requireModel(tx, page.sourceId, [options.model, options.leaving]),
    () => lockPage(tx, page),
    () => readRendering(tx, page),
    () => readChunks(tx, page, options.model),
  ]);
  if (stored) return { stored: { ...stored, rendering }, chunks };
  const [, [made], madeChunks] = await pipelined([
    () => tx`
      insert into confluence_pages (source_id, page_id, kind, title)
      values (${page.sourceId}, ${page.pageId}, ${page.kind}, ${page.title})
      on conflict do nothing`,
    () => lockPage(tx, page),
    () => readChunks(tx, page, options.model),
  ]);
  if (!made)
    throw new TransientError("page_row_lost", `Page ${page.pageId} was removed while it was being stored`);
  return { stored: made, chunks: madeChunks };
}

/**
 * The shared advisory lock keeps a source from switching its model between this check and the commit, without touching the
 * source's row, which every worker would otherwise write to.
 */
async function requireModel(
  tx: postgres.TransactionSql,
  sourceId: string,
  models: readonly (string | null | undefined)[],
): Promise<void> {
  const [, [source]] = await pipelined([
    () => tx`select pg_advisory_xact_lock_shared(hashtextextended(${`embedding-model:${sourceId}`}, 0))`,
    () => tx<{ status: string; embedding_model: string }[]>`
      select status, embedding_model from archon_sources where source_id = ${sourceId}`,
  ]);
  if (!source || source.status === "deleting") {
    throw new PermanentError("source_deleted", `Source ${sourceId} is being deleted`);
  }
  if (!models.includes(source.embedding_model)) {
    throw new TransientError(
      "model_changed",
      `Source ${sourceId} now uses embedding model ${source.embedding_model}`,
    );
  }
}

async function lockPage(tx: postgres.TransactionSql, page: PageToStore): Promise<LockedPage[]> {
  return tx<LockedPage[]>`
      select version, representation_revision as "representationRevision", is_deleted as "isDeleted",
        missing_since is not null as "isHidden", state_revision as "stateRevision", content_hash as "contentHash", sync_error is not null as failed, rendered_missing is not null as unrendered
      from confluence_pages where source_id = ${page.sourceId} and page_id = ${page.pageId}
      for no key update`;
}

/** Clears the error of an earlier attempt: this version or a later one is stored by now. */
async function clearError(tx: postgres.TransactionSql, page: PageToStore, stored: LockedPage): Promise<void> {
  if (!stored.failed || stored.isDeleted) return;
  await tx`
    update confluence_pages set sync_error = null where source_id = ${page.sourceId} and page_id = ${page.pageId}`;
}

async function updateRendering(
  tx: postgres.TransactionSql,
  page: PageToStore,
  stored: LockedPage,
  now: Date,
): Promise<void> {
  if (page.rendering) await writeRendering(tx, page, page.rendering, now);
  else if (stored.rendering) await removeRenderings(tx, page.sourceId, [page.pageId]);
}

async function readChunks(
  tx: postgres.TransactionSql,
  page: PageToStore,
  model: string,
): Promise<StoredChunk[]> {
  return tx<StoredChunk[]>`
    select c.id::text, c.chunk_number as "chunkNumber", c.input_hash as "inputHash", c.heading_path as "headingPath", c.metadata -> 'place' as place,
      c.metadata ->> '_pending_deletion' is not distinct from 'true' as marked, e.chunk_id is not null as embedded
    from archon_crawled_pages c
    left join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = ${model}
    where c.source_id = ${page.sourceId} and c.page_id = ${page.pageId}`;
}

async function updatePage(
  tx: postgres.TransactionSql,
  page: PageToStore,
  { now }: SwapOptions,
): Promise<void> {
  // Counted, so that a page is never stored with fewer chunks than it has.
  const [stored] = await tx<{ chunk_count: number }[]>`
    update confluence_pages set
      kind = ${page.kind}, title = ${page.title}, version = ${page.version}, representation_revision = ${page.representationRevision},
      status = ${page.status}, parent_id = ${page.parentId}, parent_type = ${page.parentType},
      subtype = ${page.subtype ?? null}, url = ${page.url},
      labels = coalesce(${page.labels as string[] | null}::text[], labels), content_hash = ${page.contentHash}, chunk_count = (
        select count(*) from archon_crawled_pages c where c.source_id = ${page.sourceId} and c.page_id = ${page.pageId}),
      shows_others = ${page.others != null}, shows_unguarded = ${page.others === "unguarded"}, modified_at = ${page.modifiedAt}, text_lost = ${page.textLost},
      rendered_missing = ${page.renderedMissing ? tx.json(page.renderedMissing) : null}, last_synced_at = ${now},
      is_deleted = false, deleted_at = null, deleted_reason = null, missing_since = null, sync_error = null,
      state_revision = state_revision + 1
    where source_id = ${page.sourceId} and page_id = ${page.pageId}
    returning chunk_count`;
  if (stored?.chunk_count !== page.chunks.length) {
    throw new TransientError(
      "stored_count_mismatch",
      `Page ${page.pageId}: ${stored?.chunk_count ?? 0} of ${page.chunks.length} chunks`,
    );
  }
}

function swapResult(stored: LockedPage, changes: ChunkChanges): SwapResult {
  const created =
    changes.added.filter(({ chunk }) => chunk.embedding !== null).length +
    changes.kept.filter((kept) => !kept.stored.embedded && kept.chunk.embedding !== null).length;
  return {
    outcome: stored.version === 0 || stored.isDeleted ? "added" : "updated",
    chunksAdded: changes.added.length,
    chunksKept: changes.kept.length,
    chunksRemoved: changes.staleIds.length,
    embeddingsCreated: created,
    embeddingsReused: changes.added.length + changes.kept.length - created,
  };
}
