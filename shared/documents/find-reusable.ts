import type { Sql } from "#shared/db/connect.ts";

/**
 * Which of these chunk inputs this page already holds with a vector of `model`, so that only the others are embedded. Read
 * before the transaction, so a hint: the swap notices when a vector went away meanwhile.
 */
export async function findReusable(
  sql: Sql,
  page: { sourceId: string; pageId: string },
  model: string,
  inputHashes: readonly string[],
): Promise<Set<string>> {
  if (inputHashes.length === 0) return new Set();
  const rows = await sql<{ input_hash: string }[]>`
    select distinct c.input_hash
    from archon_crawled_pages c
    join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = ${model}
    where c.source_id = ${page.sourceId} and c.page_id = ${page.pageId} and c.input_hash = any(${[...inputHashes]}::text[])`;
  return new Set(rows.map((row) => row.input_hash));
}
