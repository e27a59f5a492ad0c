import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";

/**
 * Page ids are unique only within one Confluence site. Selects whether search can show the reader a page of another site with the id of `p`,
 * a page of the source `s`. One lookup by primary key for each source of another site (`offset 0` keeps it so, whatever the
 * planner knows of the tables): for few rows.
 */
export function hasTwin(sql: Sql, readable: Readable | null) {
  return sql`coalesce((
    select true from archon_sources other
    where other.base_url <> s.base_url and other.status <> 'deleting' and exists (
      select from confluence_pages twin
      where twin.source_id = other.source_id and twin.page_id = coalesce(p.container_id, p.page_id)
        and is_findable(twin) and is_readable(twin, ${readableArguments(sql, readable)}) offset 0)
    limit 1), false)`;
}
