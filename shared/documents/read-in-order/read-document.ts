import { shownChunk } from "#shared/documents/stored-text.ts";
import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import { commentsId, type ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { ancestorsOfPage } from "#shared/documents/hit-context.ts";
import type { ChunkToRead } from "./pieces.ts";

/** A stored document with its whole text, in one snapshot. */
export type DocumentToRead = {
  kind: ContentKind;
  title: string;
  url: string;
  spaceKey: string;
  version: number;
  modifiedAt: Date | null;
  labels: string[];
  /** Titles from the top of the space to what the document is below or on. */
  breadcrumb: string[];
  /** Of comments and files: what they are on. */
  containerId: string | null;
  chunks: ChunkToRead[];
};

type DocumentOfReader = { sourceId: string; pageId: string; readable: Readable | null };

/** What a search can show the reader of this document, in order; null if nothing. */
export async function readDocument(
  sql: Sql,
  { sourceId, pageId, readable }: DocumentOfReader,
): Promise<DocumentToRead | null> {
  const [row] = await sql<(Omit<DocumentToRead, "breadcrumb"> & { ancestors: { title: string }[] | null })[]>`
    select p.kind, p.title, p.url, s.space_key as "spaceKey", p.version, p.modified_at as "modifiedAt", p.labels,
      a.ancestors, p.container_id as "containerId", coalesce((
        select json_agg(json_build_object('content', c.content, 'headingPath', c.heading_path, 'place', c.metadata -> 'place')
          order by c.chunk_number, c.id)
        from archon_crawled_pages c
        where c.source_id = p.source_id and c.page_id = p.page_id and ${shownChunk(sql)}), '[]') as chunks
    from confluence_pages p join archon_sources s using (source_id)
    cross join lateral (${ancestorsOfPage(sql, readable)}) a
    where p.source_id = ${sourceId} and p.page_id = ${pageId} and s.status <> 'deleting'
      and is_findable(p) and is_readable(p, ${readableArguments(sql, readable)})`;
  if (!row) return null;
  const { ancestors, ...document } = row;
  return { ...document, breadcrumb: (ancestors ?? []).map(({ title }) => title) };
}

/** What else the reader can read of a page: its files, by name, and the number of threads on it. */
export type BesidePage = {
  files: { pageId: string; title: string; mediaType: string | null; hasText: boolean }[];
  fileCount: number;
  threadCount: number;
};

/** The files and threads of a page that a search can show the reader; of the files at most `limit`. */
export async function readBeside(
  sql: Sql,
  { sourceId, pageId, readable }: DocumentOfReader,
  limit: number,
): Promise<BesidePage> {
  const reader = readableArguments(sql, readable);
  const [files, [threads]] = [
    await sql<(BesidePage["files"][number] & { total: number })[]>`
      select p.page_id as "pageId", p.title, p.file ->> 'media_type' as "mediaType",
        coalesce(p.file ->> 'result', '') = 'text' as "hasText", (count(*) over ())::int as total
      from confluence_pages p
      where p.source_id = ${sourceId} and p.container_id = ${pageId} and p.kind = 'attachment'
        and is_findable(p) and is_readable(p, ${reader})
      order by p.title, p.page_id limit ${limit}`,
    await sql<{ count: number }[]>`
      select count(distinct c.metadata -> 'place' ->> 'comment_id')::int as count
      from confluence_pages p join archon_crawled_pages c using (source_id, page_id)
      where p.source_id = ${sourceId} and p.page_id = ${commentsId(pageId)}
        and is_findable(p) and is_readable(p, ${reader})`,
  ];
  return {
    files: files.map(({ total: _, ...file }) => file),
    fileCount: files[0]?.total ?? 0,
    threadCount: threads?.count ?? 0,
  };
}

/** The first comment of the thread that a comment is in; null for one that is not stored. */
export async function threadOf(
  sql: Sql,
  { sourceId, pageId, commentId }: { sourceId: string; pageId: string; commentId: string },
): Promise<string | null> {
  const rows = await sql<{ id: string; parentId: string | null }[]>`
    with recursive up as (
      select comment_id, parent_id, 0 as depth from confluence_comments
      where source_id = ${sourceId} and container_id = ${pageId} and comment_id = ${commentId}
      union
      select c.comment_id, c.parent_id, up.depth + 1 from confluence_comments c join up on c.comment_id = up.parent_id
      where c.source_id = ${sourceId} and up.depth < ${MOST_REPLIES}
    )
    select comment_id as id, parent_id as "parentId" from up order by depth desc limit 1`;
  return rows[0]?.id ?? null;
}

/** Replies below replies: a site whose replies go in a circle must not keep a read going. */
const MOST_REPLIES = 100;
