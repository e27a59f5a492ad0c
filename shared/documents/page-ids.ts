import { nameOf, type PageKind } from "#shared/content-kinds.ts";
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

/**
 * Ids of the source's stored pages by `nameOf`: links in storage bodies name pages by kind and title. Of several (blog posts, a page
 * that a new one has replaced) the last.
 */
export async function findPageIds(
  sql: Sql,
  sourceId: string,
  pages: readonly { kind: PageKind; title: string }[],
): Promise<Map<string, string>> {
  if (pages.length === 0) return new Map();
  const kinds = pages.map(({ kind }) => kind);
  const titles = pages.map(({ title }) => title);
  // "offset 0" keeps the other conditions out of the inner subquery: a kept plan would read all of a source's pages for each title.
  const rows = await sql<{ kind: PageKind; title: string; page_id: string }[]>`
    select named.kind, named.title, found.page_id
    from unnest(${kinds}::text[], ${titles}::text[]) named (kind, title)
    cross join lateral (
      select p.page_id
      from (
        select page_id, title, source_id, kind, is_deleted from confluence_pages
        where lower(title) = lower(named.title) offset 0
      ) p
      where p.title = named.title and p.source_id = ${sourceId} and p.kind = named.kind and not p.is_deleted
      order by length(p.page_id) desc, p.page_id desc
      limit 1
    ) found`;
  return new Map(rows.map((row) => [nameOf(row), row.page_id]));
}
