import type { Sql } from "#shared/db/connect.ts";

/** Returns the ids that are pages of the source. */
export async function findKnownPages(
  sql: Sql,
  sourceId: string,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await sql<{ page_id: string }[]>`
    select page_id from confluence_pages
    where source_id = ${sourceId} and page_id = any(${ids as string[]}) and not is_deleted`;
  return new Set(rows.map((row) => row.page_id));
}

/** Ids of the source's stored pages by title: links in storage bodies name pages by title. */
export async function findPageIds(
  sql: Sql,
  sourceId: string,
  titles: readonly string[],
): Promise<Map<string, string>> {
  if (titles.length === 0) return new Map();
  const rows = await sql<{ title: string; page_id: string }[]>`
    select title, min(page_id) as page_id from confluence_pages
    where source_id = ${sourceId} and title = any(${titles as string[]}) and not is_deleted
    group by title`;
  return new Map(rows.map((row) => [row.title, row.page_id]));
}
