import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import type { ChunkChanges } from "./chunk-changes.ts";
import type { PageFacts } from "./page-to-store.ts";

/**
 * Keeps, in a swap and before it writes, the chunks that the page has, if the swap adds or removes any: the last such list is what the page's
 * chunks are compared with. Of chunks that stay only the hash, so that little is written. A page without chunks had none before, whatever
 * it had before that.
 */
export async function keepPreviousChunks(
  tx: postgres.TransactionSql,
  page: PageFacts,
  { kept, added, staleIds }: ChunkChanges,
  before: { version: number; now: Date },
): Promise<void> {
  const had = kept.length + staleIds.length;
  if (added.length + staleIds.length === 0) return;
  if (had === 0) {
    if (before.version > 0) await forgetPreviousChunks(tx, page);
    return;
  }
  await tx`
    insert into page_previous_chunks (source_id, page_id, version, replaced_at, chunks)
    select ${page.sourceId}, ${page.pageId}, ${before.version}, ${before.now},
      coalesce(jsonb_agg(jsonb_build_object('hash', input_hash, 'heading_path', heading_path,
        'content', case when id = any(${staleIds}::bigint[]) then content end) order by chunk_number, id), '[]')
    from archon_crawled_pages where source_id = ${page.sourceId} and page_id = ${page.pageId}
    on conflict (source_id, page_id) do update
      set version = excluded.version, replaced_at = excluded.replaced_at, chunks = excluded.chunks`;
}

async function forgetPreviousChunks(
  tx: postgres.TransactionSql,
  { sourceId, pageId }: PageFacts,
): Promise<void> {
  await tx`delete from page_previous_chunks where source_id = ${sourceId} and page_id = ${pageId}`;
}

/** What a page's chunks were before the last swap that changed any; null: they never changed, or too long ago. */
export type PreviousChunks = { version: number; replacedAt: Date; chunkCount: number };

export async function readPreviousChunks(
  sql: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
): Promise<PreviousChunks | null> {
  const [row] = await sql<PreviousChunks[]>`
    select version, replaced_at as "replacedAt", jsonb_array_length(chunks) as "chunkCount"
    from page_previous_chunks where source_id = ${sourceId} and page_id = ${pageId}`;
  return row ?? null;
}
