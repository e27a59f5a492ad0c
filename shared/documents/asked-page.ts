import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { queriedWords } from "./index-words.ts";
import type { PageStatus } from "./pages-of-source.ts";
import { textArray, type SearchFilter } from "./scored-chunks.ts";

/** A page whose place in a search is asked for. */
export type AskedPage = {
  sourceId: string;
  pageId: string;
  title: string;
  url: string;
  kind: ContentKind;
  status: PageStatus;
};

/** The pages of this id, of one source or of all, those that are not deleted first. */
export async function findAskedPages(
  sql: Sql,
  { sourceId, pageId }: { sourceId: string | null; pageId: string },
): Promise<AskedPage[]> {
  return sql<AskedPage[]>`
    select p.source_id as "sourceId", p.page_id as "pageId", p.title, p.url, p.kind,
      page_status(p) as status
    from confluence_pages p join archon_sources s on s.source_id = p.source_id and s.status <> 'deleting'
    where p.page_id = ${pageId} ${sourceId === null ? sql`` : sql`and p.source_id = ${sourceId}`}
    order by p.is_deleted, p.source_id`;
}

/** The first condition of a search that a page does not meet. */
export type UnmetFilter = "source" | "space" | "labels" | "updated_since" | "kinds";

/** Whether a search may show the page to the reader, and which of its filters it does not meet. */
export async function filterOf(
  sql: Sql,
  { sourceId, pageId }: Pick<AskedPage, "sourceId" | "pageId">,
  { sources, spaces, labels, updatedSince, kinds }: Omit<SearchFilter, "readable">,
  readable: Readable | null,
): Promise<{ isReadable: boolean; unmet: UnmetFilter | null }> {
  const [row] = await sql<{ isReadable: boolean; unmet: UnmetFilter | null }[]>`
    select is_readable(p, ${readableArguments(sql, readable)}) as "isReadable",
      case
        when p.source_id <> all(${textArray(sources)}::text[]) then 'source'
        when p.source_id not in (select source_id from searched_sources(null, ${textArray(spaces)})) then 'space'
        when not p.labels && ${textArray(labels)}::text[] then 'labels'
        when (p.modified_at >= ${updatedSince ?? null}::timestamptz) is not true and ${updatedSince != null} then 'updated_since'
        when p.kind <> all(${textArray(kinds)}::text[]) then 'kinds'
      end as unmet
    from confluence_pages p where p.source_id = ${sourceId} and p.page_id = ${pageId}`;
  return row ?? { isReadable: false, unmet: null };
}

/** Words of a query that no chunk of the page contains, in any form that its language knows as the same; without stop words. */
export async function wordsMissing(
  sql: Sql,
  { sourceId, pageId }: Pick<AskedPage, "sourceId" | "pageId">,
  query: string,
): Promise<string[]> {
  const words = [...new Set(query.slice(0, 4000).match(/[\p{L}\p{M}\p{N}]+/gu))].slice(0, 100);
  if (words.length === 0) return [];
  const questions = words.map((word) => {
    const { question, parts } = queriedWords(word);
    return `${question} ${parts}`;
  });
  const rows = await sql<{ word: string }[]>`
    select asked.word
    from unnest(${words}::text[], ${questions}::text[]) with ordinality as asked (word, question, place)
    join archon_sources s on s.source_id = ${sourceId}
    cross join lateral (select any_word_query(s.search_language::regconfig, asked.question) as query) q
    where numnode(q.query) > 0 and not exists (
      select from archon_crawled_pages c
      where c.source_id = ${sourceId} and c.page_id = ${pageId} and c.search_vector @@ q.query)
    order by asked.place`;
  return rows.map((row) => row.word);
}
