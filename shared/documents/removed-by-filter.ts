import type { Sql } from "#shared/db/connect.ts";
import {
  queryArguments,
  scoredChunks,
  textArray,
  type SearchedQuery,
  type SearchFilter,
} from "./scored-chunks.ts";

/** Number of chunks by the first condition that they do not meet. */
export type RemovedByFilter = {
  source: number;
  space: number;
  labels: number;
  updatedSince: number;
  kinds: number;
};

const NOTHING: RemovedByFilter = { source: 0, space: 0, labels: 0, updatedSince: 0, kinds: 0 };

/**
 * How many of the candidates of the same search without a filter the filter removes. What the reader may not see is not counted,
 * nor are deleted and hidden pages: a count would tell that such a page matches.
 */
export async function removedByFilter(
  sql: Sql,
  request: SearchedQuery & SearchFilter,
  candidates: number,
): Promise<RemovedByFilter> {
  const { sources, spaces, labels, updatedSince, kinds } = request;
  if ((sources ?? spaces ?? labels ?? updatedSince ?? kinds ?? null) === null) return NOTHING;
  const [removed = NOTHING] = await sql<RemovedByFilter[]>`
    select count(*) filter (where reason = 'source')::int as source, count(*) filter (where reason = 'space')::int as space,
      count(*) filter (where reason = 'labels')::int as labels,
      count(*) filter (where reason = 'updatedSince')::int as "updatedSince",
      count(*) filter (where reason = 'kinds')::int as kinds
    from (
      select case
        when s.source_id <> all(${textArray(sources)}::text[]) then 'source'
        when s.source_id not in (select source_id from searched_sources(null, ${textArray(spaces)})) then 'space'
        when not p.labels && ${textArray(labels)}::text[] then 'labels'
        when (p.modified_at >= ${updatedSince ?? null}::timestamptz) is not true and ${updatedSince != null} then 'updatedSince'
        when p.kind <> all(${textArray(kinds)}::text[]) then 'kinds'
      end as reason
      from ${scoredChunks(sql, queryArguments(request), { readable: request.readable }, candidates)} f
      join archon_crawled_pages c on c.id = f.chunk_id
      join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
      join archon_sources s on s.source_id = c.source_id
    ) candidate`;
  return removed;
}
