import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { containsPattern } from "#shared/db/contains-pattern.ts";

/** Stored chunks and page texts, for clients that read instead of search. Includes only what a search can show the reader. */

export type StoredChunk = {
  id: string;
  content: string;
  chunkNumber: number;
  headingPath: string[];
  pageId: string;
  title: string;
  url: string;
};

/** Whether the chunk `c` is one that search shows: almost all are, which is seen without a look at the page's others. */
export function shownChunk(sql: Sql) {
  return sql`(c.metadata ->> '_pending_deletion' is distinct from 'true' or is_shown_chunk(c))`;
}

/** Chunks by page, in their order on it, and their total number. The address is the page's: a chunk that is kept may have one of before. */
export async function listStoredChunks(
  sql: Sql,
  request: {
    sourceId: string;
    urlContains: string | null;
    limit: number;
    offset: number;
    readable: Readable | null;
  },
): Promise<{ chunks: StoredChunk[]; total: number }> {
  const { sourceId, urlContains } = request;
  const pattern = urlContains === null ? null : containsPattern(urlContains);
  const from = sql`
    from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
    where c.source_id = ${sourceId} and ${shownChunk(sql)} and is_findable(p) and is_readable(p, ${readableArguments(sql, request.readable)})
      and (${pattern}::text is null or p.url ilike ${pattern})`;
  const [count] = await sql<{ total: number }[]>`select count(*)::int as total ${from}`;
  const chunks = await sql<StoredChunk[]>`
    select c.id::text as id, c.content, c.chunk_number as "chunkNumber", c.heading_path as "headingPath",
      c.page_id as "pageId", p.title, p.url
    ${from} order by c.page_id, c.chunk_number, c.id limit ${request.limit} offset ${request.offset}`;
  return { chunks, total: count?.total ?? 0 };
}

export type StoredPage = {
  sourceId: string;
  kind: ContentKind;
  /** The site's URL. */
  baseUrl: string;
  pageId: string;
  /** Another site has a page of this id that search can show the reader. */
  hasTwin: boolean;
  title: string;
  url: string;
  version: number;
  labels: string[];
  modifiedAt: Date | null;
  lastSyncedAt: Date | null;
  chunkCount: number;
  wordCount: number;
  charCount: number;
};

export type PageFinder = {
  sourceId?: string;
  pageId?: string;
  /** Of a page, a blog post or a file: the document of a page's comments has its address too. */
  url?: string;
  title?: string;
  /** In any case. */
  spaceKey?: string;
  /** Of files: what they are on. */
  containerId?: string;
  readable: Readable | null;
  /** The same of all sources, for ids that another site has too; the same as `readable` unless given. */
  readableElsewhere?: Readable | null;
};

/** Pages that match these filters, by title, at most `limit`, and their total number. */
export async function findStoredPages(
  sql: Sql,
  find: PageFinder,
  limit: number,
): Promise<{ pages: StoredPage[]; total: number }> {
  const reader = readableArguments(sql, find.readable);
  const { readableElsewhere = find.readable } = find;
  const rows = await sql<(StoredPage & { total: number })[]>`
    with found as (
      select p.*, s.base_url, count(*) over () as total from confluence_pages p join archon_sources s using (source_id)
      where s.status <> 'deleting' and is_findable(p) and is_readable(p, ${reader})
        ${find.sourceId === undefined ? sql`` : sql`and p.source_id = ${find.sourceId}`}
        ${find.pageId === undefined ? sql`` : sql`and p.page_id = ${find.pageId}`}
        ${find.url === undefined ? sql`` : sql`and p.url = ${find.url} and p.kind <> 'comments'`}
        ${find.title === undefined ? sql`` : sql`and lower(p.title) = lower(${find.title}) and p.title = ${find.title}`}
        ${find.spaceKey === undefined ? sql`` : sql`and lower(s.space_key) = lower(${find.spaceKey})`}
        ${find.containerId === undefined ? sql`` : sql`and p.container_id = ${find.containerId}`}
      order by p.source_id, p.title, p.page_id limit ${limit}
    )
    select p.source_id as "sourceId", p.base_url as "baseUrl", p.page_id as "pageId", p.kind, p.title, p.url, p.version, p.labels,
      exists (
        select from confluence_pages twin join archon_sources other using (source_id)
        where twin.page_id = p.page_id and is_findable(twin) and is_readable(twin, ${readableArguments(sql, readableElsewhere)})
          and other.base_url <> p.base_url and other.status <> 'deleting') as "hasTwin",
      p.modified_at as "modifiedAt", p.last_synced_at as "lastSyncedAt", p.chunk_count as "chunkCount",
      p.total::int as total, coalesce(sum(c.char_count), 0)::int as "charCount",
      coalesce(sum(c.word_count), 0)::int as "wordCount"
    from found p left join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id and ${shownChunk(sql)}
    group by p.source_id, p.base_url, p.page_id, p.kind, p.title, p.url, p.version, p.labels, p.modified_at,
      p.last_synced_at, p.chunk_count, p.total
    order by p.source_id, p.title, p.page_id`;
  return { pages: rows.map(({ total: _, ...page }) => page), total: rows[0]?.total ?? 0 };
}

/** The page's chunks joined in order. A table that was split repeats its header. */
export async function readPageText(
  sql: Sql,
  page: { sourceId: string; pageId: string; readable: Readable | null },
): Promise<string> {
  const rows = await sql<{ content: string }[]>`
    select c.content from confluence_pages p join archon_crawled_pages c using (source_id, page_id)
    where p.source_id = ${page.sourceId} and p.page_id = ${page.pageId} and ${shownChunk(sql)}
      and is_findable(p) and is_readable(p, ${readableArguments(sql, page.readable)})
    order by c.chunk_number, c.id`;
  return rows.map((row) => row.content).join("\n\n");
}

/** Number of words in each source's chunks. */
export async function countWords(
  sql: Sql,
  sourceIds: readonly string[],
  readable: Readable | null,
): Promise<Map<string, number>> {
  const rows = await sql<{ sourceId: string; words: number }[]>`
    select c.source_id as "sourceId", coalesce(sum(c.word_count), 0)::float8 as words
    from archon_crawled_pages c join confluence_pages p using (source_id, page_id)
    where c.source_id = any(${sourceIds}) and ${shownChunk(sql)} and is_findable(p) and is_readable(p, ${readableArguments(sql, readable)})
    group by 1`;
  return new Map(rows.map((row) => [row.sourceId, row.words]));
}

/** Number of sources, of pages that search can show the reader, and of their chunks. */
export async function countStored(
  sql: Sql,
  readable: Readable | null,
): Promise<{ sources: number; pages: number; chunks: number }> {
  const reader = readableArguments(sql, readable);
  const [row] = await sql<{ sources: number; pages: number; chunks: number }[]>`
    select count(distinct s.source_id)::int as sources, count(p.page_id)::int as pages,
      coalesce(sum(p.chunk_count), 0)::int as chunks
    from archon_sources s left join confluence_pages p on p.source_id = s.source_id
      and is_findable(p) and is_readable(p, ${reader})
    where s.status <> 'deleting' and is_readable_source(s.source_id, ${reader})`;
  return row ?? { sources: 0, pages: 0, chunks: 0 };
}
