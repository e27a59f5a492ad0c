import type { Sql } from "#shared/db/connect.ts";

/** Rows per call: the sweeper calls again every minute. */
const LIMIT = 1000;

/**
 * Deletes chunks marked `_pending_deletion` (left by another kind of writer) on pages that have other chunks; returns their
 * number. The last chunks of a page stay, marked or not, until its next swap: search falls back on them.
 */
export async function clearMarkedChunks(sql: Sql): Promise<number> {
  const rows = await sql`
    delete from archon_crawled_pages where id in (
      select c.id from archon_crawled_pages c
      where c.metadata ->> '_pending_deletion' = 'true'
        and exists (
          select from archon_crawled_pages o where o.source_id = c.source_id and o.page_id = c.page_id
            and o.metadata ->> '_pending_deletion' is distinct from 'true')
      limit ${LIMIT} for update skip locked)
    returning 1`;
  return rows.length;
}
