import type { Sql } from "#shared/db/connect.ts";

/** URLs of the source's pages by title, as far as they are known here. */
export async function findPageUrls(
  sql: Sql,
  sourceId: string,
  titles: readonly string[],
): Promise<Map<string, string>> {
  if (titles.length === 0) return new Map();
  const rows = await sql<{ title: string; url: string }[]>`
    select title, min(url) as url from confluence_pages
    where source_id = ${sourceId} and title = any(${titles as string[]}) and not is_deleted and url <> ''
    group by title`;
  return new Map(rows.map((row) => [row.title, row.url]));
}
