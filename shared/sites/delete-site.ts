import { markSourceDeleting } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { requireSite } from "./site.ts";

/**
 * Deletes a site with its sources: the site and its secret at once, so that no discovery adds a source again; then each source. A
 * call that was interrupted is completed by the sweeper. Throws `UserError` 404 `site_not_found`.
 */
export async function deleteSite(
  siteId: string,
  services: Pick<SyncServices, "sql" | "now" | "log">,
): Promise<void> {
  const { sql, now } = services;
  await requireSite(sql, siteId);
  await sql`
    update confluence_sites
    set status = 'deleting', encrypted_secret = null, email = null, client_id = null, paused_until = null, updated_at = ${now()}
    where site_id = ${siteId}`;
  await deleteSourcesOfDeletedSites(services, siteId);
  services.log.info("site.deleted", { site_id: siteId });
}

/** Marks what is left of the sources of sites being deleted; returns how many there were. */
export async function deleteSourcesOfDeletedSites(
  { sql, now, log }: Pick<SyncServices, "sql" | "now" | "log">,
  siteId: string | null = null,
): Promise<number> {
  const rows = await sql<{ source_id: string }[]>`
    select s.source_id from archon_sources s join confluence_sites c using (site_id)
    where c.status = 'deleting' and s.status <> 'deleting' and (${siteId}::text is null or c.site_id = ${siteId})
    order by s.source_id`;
  for (const { source_id: sourceId } of rows) {
    await cancelOperation(sql, { sourceId, now: now(), actor: "api" });
    await markSourceDeleting(sql, sourceId, now());
    log.info("source.deleted", { source_id: sourceId });
  }
  return rows.length;
}
