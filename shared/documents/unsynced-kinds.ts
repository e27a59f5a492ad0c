import type { Sql } from "#shared/db/connect.ts";

/** Rows per call: about a second, including the vector index. */
const BATCH = 2000;

/**
 * Deletes up to 2000 rows of kinds of content that their source does not sync (any more), with their chunks, and ends their work; the sweep calls it
 * until none is left, also for what a worker stored while the kind was switched off. `sourceId` absent: of all sources. Returns the
 * number of rows.
 */
export async function removeUnsyncedKinds(
  sql: Sql,
  { sourceId = null }: { sourceId?: string | null } = {},
): Promise<number> {
  const [row] = await sql<{ removed: number }[]>`
    with gone as (
      delete from confluence_pages where ctid = any(array(
        select p.ctid from confluence_pages p join archon_sources s on s.source_id = p.source_id
        where (p.kind = 'blogpost' and not coalesce((s.content ->> 'blogposts')::boolean, false)
            or p.kind = 'comments' and coalesce(s.content ->> 'comments', 'none') = 'none')
          and (${sourceId}::text is null or s.source_id = ${sourceId})
        limit ${BATCH} for update of p skip locked))
      returning source_id, page_id
    ), ended as (
      update sync_work w set state = 'done', outcome = 'skipped', reason = 'this kind of content was switched off'
      from gone where w.source_id = gone.source_id and w.page_id = gone.page_id and w.state = 'pending'
    )
    select count(*)::int as removed from gone`;
  const comments = await sql`
    delete from confluence_comments where ctid = any(array(
      select m.ctid from confluence_comments m join archon_sources s on s.source_id = m.source_id
      where coalesce(s.content ->> 'comments', 'none') = 'none' and (${sourceId}::text is null or s.source_id = ${sourceId})
      limit ${BATCH} for update of m skip locked))`;
  return (row?.removed ?? 0) + comments.count;
}
