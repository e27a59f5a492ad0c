import type { ListedPage } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import { later } from "#shared/syncs/later.ts";

/** An edit that a sync finds sooner may still be announced: a delivery needs seconds. */
const ANNOUNCED_WITHIN_MS = 30_000;

/**
 * Counts, on the hooks of the source's site, the edits that a sync found although no delivery announced them: those that the index
 * does not have, whose hint is not waiting either. In the transaction that records the listing.
 */
export async function countMissedEdits(
  tx: Sql,
  source: { sourceId: string; siteId: string | null },
  pages: readonly ListedPage[],
  now: Date,
): Promise<void> {
  const announcedBefore = later(now, -ANNOUNCED_WITHIN_MS);
  const edits = pages.flatMap(({ id, status, version, modifiedAt }) =>
    status === "current" && modifiedAt && modifiedAt <= announcedBefore
      ? [{ page_id: id, version, modified_at: modifiedAt.toISOString() }]
      : [],
  );
  if (source.siteId === null || edits.length === 0) return;
  await tx`
    with edits as (
      select e.modified_at
      from jsonb_to_recordset(${tx.json(edits)}) as e (page_id text, version integer, modified_at timestamptz)
      left join lateral (
        select p.page_id, p.version, p.sync_error from confluence_pages p
        where p.source_id = ${source.sourceId} and p.page_id = e.page_id offset 0) p on true
      where (p.page_id is null or (p.version < e.version and p.sync_error is null))
        and not exists (select from page_hints h where h.source_id = ${source.sourceId} and h.page_id = e.page_id)),
    counted as (
      select h.hook_id, count(*)::int as missed from confluence_hooks h join edits e on e.modified_at > h.created_at
      where h.site_id = ${source.siteId} group by h.hook_id)
    update confluence_hooks h set missed = h.missed + c.missed, missed_since_delivery = h.missed_since_delivery + c.missed,
      last_missed_at = ${now}
    from counted c where h.hook_id = c.hook_id`;
}
