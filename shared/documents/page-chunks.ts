import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";

/** A chunk of a page as it is stored, or as it was before the last swap that changed any. */
export type PageChunk = {
  /** Null of one that is not stored any more, or not as a row of its own. */
  id: string | null;
  number: number;
  headingPath: string[];
  content: string;
  /** Unicode code points. */
  characters: number;
  /** Against the other list, by what is embedded; null: there is no previous list. */
  change: "kept" | "added" | "removed" | null;
};

/** `version`: whose chunks they are; null: there is no previous list. */
export type PageChunks = { version: number | null; chunks: PageChunk[] };

export type ChunksRequest = {
  sourceId: string;
  pageId: string;
  of: "current" | "previous";
  readable: Readable | null;
  /** The number of the last chunk of the list before. */
  after: number | null;
  limit: number;
};

/** Chunks of a page that search can show the reader, in their order; null: it shows no such page. In one statement: of one version. */
export async function readPageChunks(sql: Sql, request: ChunksRequest): Promise<PageChunks | null> {
  const { sourceId, pageId, of, readable, after, limit } = request;
  const [row] = await sql<[PageChunks?]>`
    with page as (
      select p.version from confluence_pages p
      where p.source_id = ${sourceId} and p.page_id = ${pageId}
        and is_findable(p) and is_readable(p, ${readableArguments(sql, readable)})
    ), previous as (
      select v.version, v.chunks from page_previous_chunks v, page where v.source_id = ${sourceId} and v.page_id = ${pageId}
    ), before as (
      -- The same text may stand twice in a page: the nth is kept where the other list has it n times.
      select (c.position - 1)::int as number, c.chunk ->> 'hash' as hash,
        array(select jsonb_array_elements_text(c.chunk -> 'heading_path')) as heading_path, c.chunk ->> 'content' as content,
        row_number() over (partition by c.chunk ->> 'hash' order by c.position) as nth
      from previous, jsonb_array_elements(previous.chunks) with ordinality as c (chunk, position)
    ), now as (
      select c.id, c.chunk_number as number, c.input_hash as hash, c.heading_path, c.content,
        row_number() over (partition by c.input_hash order by c.chunk_number, c.id) as nth
      from page, archon_crawled_pages c where c.source_id = ${sourceId} and c.page_id = ${pageId}
    ), others as materialized (
      -- Counted once: the previous list of a long page takes a tenth of a second to read.
      select hash, count(*) as times from ${of === "current" ? sql`before` : sql`now`} group by hash
    ), listed as (
      ${of === "current" ? currentChunks(sql) : previousChunks(sql)}
      ${after === null ? sql`` : sql`where number > ${after}`}
      order by number limit ${limit}
    )
    select ${of === "current" ? sql`page.version` : sql`(select version from previous)`} as version,
      coalesce((select jsonb_agg(to_jsonb(listed) order by number) from listed), '[]') as chunks
    from page`;
  return row ?? null;
}

function currentChunks(sql: Sql) {
  return sql`
    select id::text, number, heading_path as "headingPath", content, length(content) as characters,
      case when not exists (select from previous) then null
        when nth <= others.times then 'kept' else 'added' end as change
    from now left join others using (hash)`;
}

function previousChunks(sql: Sql) {
  return sql`
    select null as id, number, heading_path as "headingPath", text.content, length(text.content) as characters,
      case when nth <= others.times then 'kept' else 'removed' end as change
    from before left join others using (hash) cross join lateral (
      select coalesce(before.content, (select min(now.content) from now where now.hash = before.hash), '') as content) text`;
}
