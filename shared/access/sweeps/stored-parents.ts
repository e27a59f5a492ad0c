import type { Sql } from "#shared/db/connect.ts";

/** The folder (whiteboard, database, embed) that the content is in, as a listing of pages said; of the content among these ids. */
export async function foldersOfContent(
  sql: Sql,
  sourceId: string,
  contentIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await sql<{ page_id: string; parent_id: string }[]>`
    select page_id, parent_id from confluence_pages
    where source_id = ${sourceId} and page_id = any(${[...contentIds]}::text[])
      and parent_id is not null and parent_type is not null and parent_type <> 'page'`;
  return new Map(rows.map((row) => [row.page_id, row.parent_id]));
}

/** Whether the site's search leaves out folders. */
export async function omitsFolders(sql: Sql, sourceId: string): Promise<boolean> {
  const rows = await sql`select from access_sweeps where source_id = ${sourceId} and omits_folders`;
  return rows.length > 0;
}

/** Whether the site's search was seen to name a folder above content. */
export async function namesFolders(sql: Sql, siteId: string | null): Promise<boolean> {
  const rows = await sql`
    select from archon_sources s where site_id = ${siteId}
      and exists (select from content_access c where c.source_id = s.source_id and c.is_container) limit 1`;
  return rows.length > 0;
}

/** From now on each page is asked for its parent. */
export async function noteOmittedFolders(sql: Sql, sourceId: string): Promise<void> {
  await sql`update access_sweeps set omits_folders = true where source_id = ${sourceId} and not omits_folders`;
}

/** Content of which a listing says that it is in a folder, which is not what its rights were read with. */
export async function contentOutsideFolder(
  sql: Sql,
  sourceId: string,
  listed: readonly { id: string; parentId: string }[],
): Promise<string[]> {
  const rows = listed.map(({ id, parentId }) => ({ content_id: id, parent_id: parentId }));
  const found = await sql<{ content_id: string }[]>`
    select c.content_id from content_access c
    join jsonb_to_recordset(${sql.json(rows)}) as listed (content_id text, parent_id text) using (content_id)
    where c.source_id = ${sourceId} and c.ancestor_ids[cardinality(c.ancestor_ids)] is distinct from listed.parent_id`;
  return found.map((row) => row.content_id);
}
