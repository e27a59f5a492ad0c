import type { Sql } from "#shared/db/connect.ts";

/** From an edit in Confluence to the moment that search finds it, in seconds. */
export type FindableSeconds = { p50: number; p95: number; max: number };

/** Edits that figures of a source or site are of. They carry no moving clock: responses without news stay the same. */
const LAST_EDITS = 100;

/**
 * Selects the stored edits of sources `s`, with `seconds` from the version's time in Confluence to the swap: by two clocks. What the
 * first sync found is left out: nobody waited for it. A page that was restored or moved in keeps its old time and counts as late.
 */
export function findableEdits(sql: Sql) {
  return sql`
    select s.source_id, p.last_synced_at,
      greatest(extract(epoch from p.last_synced_at - p.modified_at), 0)::float8 as seconds
    from archon_sources s
    join lateral (
      select min(o.finished_at) as synced_at from archon_progress o
      where o.source_id = s.source_id and o.operation_type = 'confluence_sync' and not o.dry_run
        and o.status in ('completed', 'completed_with_errors')) first on true
    join confluence_pages p on p.source_id = s.source_id and p.modified_at >= first.synced_at and not p.is_deleted`;
}

/** Selects `seconds` of `edits` as an array: p50, p95 and the longest; null without edits. */
export function percentiles(sql: Sql) {
  return sql`select percentile_cont(array[0.5, 0.95, 1]) within group (order by seconds) as seconds from edits`;
}

/** Of the last LAST_EDITS edits of one source, or of a site; null without any. */
export async function findableSeconds(
  sql: Sql,
  of: { sourceId: string } | { siteId: string },
): Promise<FindableSeconds | null> {
  const scope = "sourceId" in of ? sql`s.source_id = ${of.sourceId}` : sql`s.site_id = ${of.siteId}`;
  const [row] = await sql<{ seconds: [number, number, number] | null }[]>`
    with edits as (
      ${findableEdits(sql)} where s.status <> 'deleting' and ${scope}
      order by p.last_synced_at desc, p.page_id limit ${LAST_EDITS})
    ${percentiles(sql)}`;
  if (!row?.seconds) return null;
  const [p50, p95, max] = row.seconds;
  return { p50, p95, max };
}
