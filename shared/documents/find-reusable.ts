import type { Sql } from "#shared/db/connect.ts";

/**
 * Returns which of these chunk inputs each page already has with a vector of `model`, so that only the others are embedded; a page
 * without any is absent. Only a hint, because it is read before the transaction: the swap notices when a vector was deleted
 * meanwhile.
 */
export async function findReusable(
  sql: Sql,
  sourceId: string,
  model: string,
  pages: readonly { pageId: string; inputHashes: readonly string[] }[],
): Promise<Map<string, Set<string>>> {
  const wanted = pages.flatMap(({ pageId, inputHashes }) =>
    inputHashes.map((hash) => [pageId, hash] as const),
  );
  if (wanted.length === 0) return new Map();
  const rows = await sql<{ page_id: string; input_hash: string }[]>`
    select distinct c.page_id, c.input_hash
    from unnest(${[...new Set(wanted.map(([pageId]) => pageId))]}::text[]) as p (page_id)
    cross join lateral (
      select c.id, c.page_id, c.input_hash from archon_crawled_pages c
      where c.source_id = ${sourceId} and c.page_id = p.page_id offset 0) c
    where c.input_hash = any(${[...new Set(wanted.map(([, hash]) => hash))]}::text[])
      and exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${model} offset 0)`;
  const found = Map.groupBy(rows, (row) => row.page_id);
  return new Map([...found].map(([pageId, own]) => [pageId, new Set(own.map((row) => row.input_hash))]));
}
