import { isDeepStrictEqual } from "node:util";
import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import { TransientError } from "#shared/errors.ts";
import type { KeptChunk, NewChunk } from "./chunk-changes.ts";
import { indexedWords, WORDS_REVISION, type IndexedWords } from "./index-words.ts";
import type { PageFacts } from "./page-to-store.ts";

/** Rows per statement: 500 vectors of 1,536 numbers are about 9 MB of text, which the server parses in one go. */
export const ROWS_PER_STATEMENT = 500;

/** Marks rows for deletion: a reader of this transaction's snapshot would still find the page. */
export async function markStale(tx: postgres.TransactionSql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}'::jsonb
    where id = any(${[...ids]}::bigint[])`;
}

/** Deletes exactly the marked rows; their vectors are deleted by cascade. */
export async function deleteStale(tx: postgres.TransactionSql, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    delete from archon_crawled_pages
    where id = any(${[...ids]}::bigint[]) and metadata ->> '_pending_deletion' = 'true'`;
}

/** Updates the numbers of kept rows and clears their marks; unchanged rows are not written. */
export async function renumberKept(
  tx: postgres.TransactionSql,
  page: PageFacts,
  kept: readonly KeptChunk[],
): Promise<void> {
  const changed = kept.filter(
    ({ chunkNumber, chunk, stored }) =>
      stored.marked ||
      chunkNumber !== stored.chunkNumber ||
      !isDeepStrictEqual(chunk.place ?? null, stored.place ?? null),
  );
  if (changed.length === 0) return;
  await tx`
    update archon_crawled_pages c
    set chunk_number = n.chunk_number, url = ${page.url},
      metadata = c.metadata - '{_pending_deletion,place}'::text[] || jsonb_strip_nulls(jsonb_build_object('place', n.place))
    from unnest(${changed.map((row) => row.id)}::bigint[], ${changed.map((row) => row.chunkNumber)}::integer[],
      ${changed.map(({ chunk }) => (chunk.place ? JSON.stringify(chunk.place) : null))}::text[]::jsonb[]) as n (id, chunk_number, place)
    where c.id = n.id`;
}

/**
 * Writes the headings, and the words, of kept rows that stand below other headings by now: what some models embed holds no headings, so that
 * an equal input does not mean equal ones.
 */
export async function moveKept(
  tx: postgres.TransactionSql,
  page: PageFacts,
  kept: readonly KeptChunk[],
  language: string,
): Promise<void> {
  const moved = kept.filter(({ chunk, stored }) => !isDeepStrictEqual(chunk.headingPath, stored.headingPath));
  for (const rows of batches(moved)) {
    const given = rows.map(({ id, chunkNumber, chunk }) => ({
      chunkNumber,
      chunk: { ...chunk, embedding: null },
      donorId: id,
    }));
    await tx`
      update archon_crawled_pages c
      set heading_path = given.heading_path, search_vector = given.search_vector, words_revision = ${WORDS_REVISION}
      from (${givenChunks(tx, page, given, language)}) given
      where c.id = given.donor_id`;
  }
}

/** Stores vectors, given or copied, that kept rows lack because they were embedded with another model. */
export async function embedKept(
  tx: postgres.TransactionSql,
  page: PageFacts,
  kept: readonly KeptChunk[],
  model: string,
): Promise<void> {
  const lacking = kept.filter(({ stored }) => !stored.embedded);
  for (const rows of batches(lacking)) {
    const { count } = await tx`
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select n.id, ${model}, ${page.sourceId}, coalesce(n.embedding::vector, ${donated(tx, "n", model)})
      from unnest(${rows.map((row) => row.id)}::bigint[], ${rows.map((row) => vectorText(row.chunk.embedding))}::text[],
        ${rows.map((row) => row.donorId)}::bigint[]) as n (id, embedding, donor_id)`;
    requireAll(count, rows.length);
  }
}

/** Inserts chunks with their vectors, given or copied from a row with the same input. */
export async function insertNew(
  tx: postgres.TransactionSql,
  page: PageFacts,
  added: readonly NewChunk[],
  options: { now: Date; model: string; language: string },
): Promise<void> {
  for (const rows of batches(added)) {
    const { count } = await tx`
      with given as materialized (${givenChunks(tx, page, rows, options.language)}), made as (
        insert into archon_crawled_pages
          (source_id, page_id, url, chunk_number, content, heading_path, input_hash, metadata, search_vector, words_revision,
            created_at)
        select ${page.sourceId}, ${page.pageId}, ${page.url}, chunk_number, content, heading_path, input_hash,
          jsonb_strip_nulls(jsonb_build_object('place', place)), search_vector, ${WORDS_REVISION}, ${options.now}
        from given
        returning id, chunk_number
      )
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select made.id, ${options.model}, ${page.sourceId}, coalesce(given.embedding::vector, ${donated(tx, "given", options.model)})
      from made join given using (chunk_number)`;
    requireAll(count, rows.length);
  }
}

/**
 * The vector of the row that a chunk copies. One by one: a join is planned as a scan of all vectors while there are few, and a connection
 * keeps that plan until the table is analyzed.
 */
function donated(sql: Sql, of: "n" | "given", model: string) {
  return sql`(
    select donor.embedding from archon_chunk_embeddings donor where donor.chunk_id = ${sql(of)}.donor_id and donor.model = ${model})`;
}

/** Chunks as rows: part of a statement. */
export function givenChunks(sql: Sql, page: PageFacts, rows: readonly NewChunk[], language: string) {
  return sql`
    select chunk_number, content, heading_path, input_hash, place, embedding, donor_id,
      chunk_search_vector(${language}::regconfig, title_words, heading_words, coalesce(content_words, content),
        identifiers, parts) as search_vector
    from json_to_recordset(${sql.json(rows.map((row) => chunkRow(page.title, row)))}::json) as g (
      chunk_number integer, content text, heading_path text[], input_hash text, place jsonb, embedding text, donor_id bigint,
      title_words text, heading_words text[], content_words text, identifiers text[], parts text)`;
}

/** Throws unless the number stored is the number expected, which rolls back the transaction. */
export function requireAll(stored: number, expected: number): void {
  if (stored === expected) return;
  throw new TransientError("stored_count_mismatch", `${stored} of ${expected} vectors were stored`);
}

function chunkRow(title: string, { chunkNumber, chunk, donorId }: NewChunk) {
  return {
    chunk_number: chunkNumber,
    content: chunk.content,
    heading_path: chunk.headingPath,
    input_hash: chunk.inputHash,
    place: chunk.place ?? null,
    embedding: vectorText(chunk.embedding),
    donor_id: donorId,
    ...wordColumns(indexedWords(title, chunk), chunk.content),
  };
}

/** Words as columns of a row; `content_words` null: the content itself. */
export function wordColumns(words: IndexedWords, content: string) {
  return {
    title_words: words.title,
    heading_words: words.headings,
    content_words: words.content === content ? null : words.content,
    identifiers: words.identifiers,
    parts: words.parts,
  };
}

/** Nine digits carry a 32-bit float exactly; the vector type holds no more. */
export function vectorText(vector: readonly number[] | null): string | null {
  return vector && `[${vector.map((value) => Number(value.toPrecision(9))).join(",")}]`;
}

export function batches<T>(rows: readonly T[], size = ROWS_PER_STATEMENT): T[][] {
  const count = Math.ceil(rows.length / size);
  return Array.from({ length: count }, (_, index) => rows.slice(index * size, (index + 1) * size));
}
