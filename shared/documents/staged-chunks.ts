import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import type { NewChunk } from "./chunk-changes.ts";
import { WORDS_REVISION } from "./index-words.ts";
import type { EmbeddedChunk, PageFacts } from "./page-to-store.ts";
import { batches, givenChunks, requireAll } from "./write-chunks.ts";

/** No worker runs for so long. */
const ABANDONED_MS = 3_600_000;

/**
 * Stores the vectors and words of a page's new chunks before its swap, a few in each statement, so that searches run between them
 * where they would wait for the swap (on one connection). No reader finds them. Returns the chunks with what each was stored as;
 * nothing is stored of a page with few new chunks.
 */
export async function stageChunks(
  sql: postgres.Sql,
  page: PageFacts & { chunks: readonly EmbeddedChunk[] },
  options: { now: Date; model: string; language: string; numbersAtOnce: number },
): Promise<EmbeddedChunk[]> {
  const { model, language, now, numbersAtOnce } = options;
  const fresh = [...page.chunks.entries()].flatMap(([chunkNumber, chunk]) =>
    chunk.embedding ? [{ chunkNumber, chunk, donorId: null }] : [],
  );
  const atOnce = Math.max(1, Math.floor(numbersAtOnce / (fresh[0]?.chunk.embedding?.length ?? 1)));
  if (fresh.length <= atOnce) return [...page.chunks];
  const ids = new Map<number, string>();
  for (const rows of batches(fresh, atOnce)) {
    const staged = await sql<{ id: string; chunkNumber: number }[]>`
      with given as materialized (
        select nextval(pg_get_serial_sequence('archon_crawled_pages', 'id')) as id, g.*
        from (${givenChunks(sql, page, rows, language)}) g
      ), staged as (
        insert into archon_staged_chunks
          (chunk_id, source_id, page_id, content, heading_path, input_hash, place, search_vector, words_revision, staged_at)
        select id, ${page.sourceId}, ${page.pageId}, content, heading_path, input_hash, place, search_vector, ${WORDS_REVISION}, ${now}
        from given
      ), embedded as (
        insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
        select id, ${model}, ${page.sourceId}, embedding::vector from given
      )
      select id::text, chunk_number as "chunkNumber" from given`;
    for (const { id, chunkNumber } of staged) ids.set(chunkNumber, id);
  }
  return page.chunks.map((chunk, n) => ({ ...chunk, stagedId: ids.get(n) ?? null }));
}

/** Makes staged chunks chunks of their page, in its swap: they have words and vectors already. */
export async function insertStaged(
  tx: postgres.TransactionSql,
  page: PageFacts,
  added: readonly NewChunk[],
  options: { now: Date; model: string },
): Promise<void> {
  for (const rows of batches(added)) {
    const [made] = await tx<{ embedded: number }[]>`
      with moved as (
        delete from archon_staged_chunks s
        using unnest(${rows.map(({ chunk }) => chunk.stagedId ?? null)}::bigint[], ${rows.map((row) => row.chunkNumber)}::integer[])
          as n (id, chunk_number)
        where s.chunk_id = n.id
        returning s.*, n.chunk_number
      ), made as (
        insert into archon_crawled_pages
          (id, source_id, page_id, url, chunk_number, content, heading_path, input_hash, metadata, search_vector, words_revision,
            created_at)
        overriding system value
        select chunk_id, source_id, page_id, ${page.url}, chunk_number, content, heading_path, input_hash,
          jsonb_strip_nulls(jsonb_build_object('place', place)), search_vector, words_revision, ${options.now}
        from moved
        returning id
      )
      select count(*)::int as embedded from made cross join lateral (
        select from archon_chunk_embeddings e where e.chunk_id = made.id and e.model = ${options.model} offset 0) e`;
    requireAll(made?.embedded ?? 0, rows.length);
  }
}

/** Deletes what was staged of these chunks and became no chunk of their page. */
export async function discardStaged(sql: Sql, chunks: readonly EmbeddedChunk[]): Promise<void> {
  const ids = chunks.flatMap(({ stagedId }) => stagedId ?? []);
  if (ids.length > 0) await discard(sql, sql`chunk_id = any(${ids}::bigint[])`);
}

/** Deletes what workers staged that crashed before the swap; returns the number of chunks. */
export async function discardAbandoned(sql: Sql, now: Date): Promise<number> {
  return discard(sql, sql`staged_at < ${new Date(now.getTime() - ABANDONED_MS)}`);
}

/** Deletes what is staged of a source; returns the number of chunks. */
export async function discardStagedOfSource(sql: Sql, sourceId: string): Promise<number> {
  return discard(sql, sql`source_id = ${sourceId}`);
}

/** The vectors only of chunks that are still staged: the others belong to chunks of their page by now. */
async function discard(sql: Sql, which: postgres.PendingQuery<postgres.Row[]>): Promise<number> {
  const [discarded] = await sql<{ chunks: number }[]>`
    with discarded as (
      delete from archon_staged_chunks where ${which} returning chunk_id
    ), vectors as (
      delete from archon_chunk_embeddings e using discarded d where e.chunk_id = d.chunk_id
    )
    select count(*)::int as chunks from discarded`;
  return discarded?.chunks ?? 0;
}
