import type postgres from "postgres";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { findIdentifiers } from "#shared/documents/identifiers.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";

const CHUNKS_A_PAGE = 20;
const ROWS = 1000;

/** Chunks by number, from 0. */
export type BenchChunks = {
  chunk: (number: number) => { content: string; vector: readonly number[] };
  /** Further ones are of another source. */
  chunksOfSource: number;
  /** Queries about what the chunks are about; the fixed ones may be about nothing in them. */
  topics?: readonly string[];
};

/**
 * Sources with `count` chunks in all; the first is `docs`. Loaded past the swap, with the vector index built afterwards: what is measured
 * is searching. No table is analyzed, nor will be by autovacuum.
 */
export async function fillIndex(
  sql: postgres.Sql,
  embedder: Embedder,
  { chunk, chunksOfSource }: BenchChunks,
  count: number,
): Promise<void> {
  for (const table of [
    "archon_sources",
    "confluence_pages",
    "archon_crawled_pages",
    "archon_chunk_embeddings",
  ])
    await sql`alter table ${sql(table)} set (autovacuum_enabled = false)`;
  const pages = Math.ceil(count / CHUNKS_A_PAGE);
  const pagesOfSource = Math.ceil(chunksOfSource / CHUNKS_A_PAGE);
  const sourceOf = (page: number) => {
    const source = Math.floor(page / pagesOfSource);
    return source === 0 ? "docs" : `docs${source + 1}`;
  };
  for (let page = 0; page < pages; page += pagesOfSource)
    await addSource(sql, embedder, { sourceId: sourceOf(page) });
  const [index] = await sql<{ name: string; definition: string }[]>`
    select i.indexname as name, i.indexdef as definition from pg_indexes i
    join embedding_models m on m.index_name = i.indexname where m.model = ${embedder.model}`;
  await sql.unsafe(`drop index ${index?.name ?? ""}`);
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, url, labels, chunk_count, modified_at)
    select s.source_id, 'p' || n, 'Handbook page ' || n, 1, 1, 'https://site.example/' || n,
      case when n % 50 = 0 then '{howto}'::text[] else '{}' end, ${CHUNKS_A_PAGE}, ${NOW}::timestamptz - n * interval '1 hour'
    from unnest(${Array.from({ length: pages }, (_, page) => sourceOf(page))}::text[]) with ordinality as s (source_id, number),
      lateral (select number - 1 as n) p`;
  for (let start = 0; start < count; start += ROWS) {
    const rows = Array.from({ length: Math.min(ROWS, count - start) }, (_, offset) => {
      const number = start + offset;
      const { content, vector } = chunk(number);
      const { whole, parts } = findIdentifiers(content);
      const page = Math.floor(number / CHUNKS_A_PAGE);
      return {
        source: sourceOf(page),
        page,
        number: number % CHUNKS_A_PAGE,
        content,
        whole,
        parts: parts.join(" "),
        vector: `[${vector.join(",")}]`,
      };
    });
    await sql`
      with given as materialized (
        select * from json_to_recordset(${sql.json(rows)}::json)
          as g (source text, page int, number int, content text, whole text[], parts text, vector text)
      ), made as (
        insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
        select source, 'p' || page, '', number, content, md5(content),
          chunk_search_vector('english', 'Handbook page ' || page, '{}', content, whole, parts), ${NOW}
        from given returning id, source_id, page_id, chunk_number
      )
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select made.id, ${embedder.model}, made.source_id, given.vector::vector
      from made join given on made.page_id = 'p' || given.page and made.chunk_number = given.number`;
  }
  await sql.begin(async (tx) => {
    await tx`set local maintenance_work_mem = '2GB'`;
    await tx`set local statement_timeout = 0`;
    await tx.unsafe(index?.definition ?? "");
  });
}
