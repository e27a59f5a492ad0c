import type postgres from "postgres";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { findIdentifiers } from "#shared/documents/identifiers.ts";
import { addSource, NOW } from "#test/support/stored-pages.ts";
import { seededRandom } from "./prose.ts";

const CHUNKS_A_PAGE = 20;
const ROWS = 1000;

/**
 * A source with `chunks` chunks: texts made by `next`, vectors of the pool, each moved a little. Loaded past the swap, with the
 * vector index built afterwards: what is measured is searching. No table is analyzed, nor will be by autovacuum.
 */
export async function fillIndex(
  sql: postgres.Sql,
  embedder: Embedder,
  options: { chunks: number; next: () => string; pool: readonly Float32Array[]; seed: number },
): Promise<void> {
  for (const table of [
    "archon_sources",
    "confluence_pages",
    "archon_crawled_pages",
    "archon_chunk_embeddings",
  ])
    await sql`alter table ${sql(table)} set (autovacuum_enabled = false)`;
  await addSource(sql, embedder, { sourceId: "docs" });
  const [index] = await sql<{ name: string; definition: string }[]>`
    select i.indexname as name, i.indexdef as definition from pg_indexes i
    join embedding_models m on m.index_name = i.indexname where m.model = ${embedder.model}`;
  await sql.unsafe(`drop index ${index?.name ?? ""}`);
  const pages = Math.ceil(options.chunks / CHUNKS_A_PAGE);
  await sql`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, url, labels, chunk_count, modified_at)
    select 'docs', 'p' || n, 'Handbook page ' || n, 1, 1, 'https://site.example/' || n,
      case when n % 50 = 0 then '{howto}'::text[] else '{}' end, ${CHUNKS_A_PAGE}, ${NOW}::timestamptz - n * interval '1 hour'
    from generate_series(0, ${pages - 1}::int) n`;
  const random = seededRandom(options.seed);
  for (let start = 0; start < options.chunks; start += ROWS) {
    const rows = Array.from({ length: Math.min(ROWS, options.chunks - start) }, (_, offset) => {
      const content = options.next();
      const { whole, parts } = findIdentifiers(content);
      const number = start + offset;
      return {
        page: Math.floor(number / CHUNKS_A_PAGE),
        number: number % CHUNKS_A_PAGE,
        content,
        whole,
        parts: parts.join(" "),
        vector: `[${moved(options.pool[number % options.pool.length] ?? new Float32Array(), random).join(",")}]`,
      };
    });
    await sql`
      with given as materialized (
        select * from json_to_recordset(${sql.json(rows)}::json)
          as g (page int, number int, content text, whole text[], parts text, vector text)
      ), made as (
        insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
        select 'docs', 'p' || page, '', number, content, md5(content),
          chunk_search_vector('english', 'Handbook page ' || page, '{}', content, whole, parts), ${NOW}
        from given returning id, page_id, chunk_number
      )
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select made.id, ${embedder.model}, 'docs', given.vector::vector
      from made join given on made.page_id = 'p' || given.page and made.chunk_number = given.number`;
  }
  await sql.begin(async (tx) => {
    await tx`set local maintenance_work_mem = '1GB'`;
    await tx`set local statement_timeout = 0`;
    await tx.unsafe(index?.definition ?? "");
  });
}

/** Another text of the same matter: the vector turned by a small random amount, about 0.9 similar. */
function moved(vector: Float32Array, random: () => number): number[] {
  const noise = Array.from(vector, (value) => value + (random() + random() - 1) * 0.05);
  const length = Math.hypot(...noise);
  return noise.map((value) => Math.round((value / length) * 1e5) / 1e5);
}
