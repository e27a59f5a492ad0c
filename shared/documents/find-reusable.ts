import type { Sql } from "#shared/db/connect.ts";

/**
 * Returns which of these chunk inputs the page already has with a vector of `model`, so that only the others are embedded. Only a
 * hint, because it is read before the transaction: the swap notices when a vector was deleted meanwhile.
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
