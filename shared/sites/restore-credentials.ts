import { PermanentError, RateLimitedError } from "#shared/errors.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import { pause } from "#shared/syncs/operations/waiting.ts";
import { openClient, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { inTime } from "./in-time.ts";
import { expiredSites, type Site } from "./site.ts";

type RestoreServices = Pick<SyncServices, "sql" | "now" | "random" | "log"> & SiteServices;

/**
 * Asks each site that refused its credentials once more, and makes it active again where they are the known account's: a site may refuse
 * valid ones for a while. Credentials that were replaced meanwhile are left alone. Returns how many sites. `withinMs`: how long the next
 * site may take; null: no time is left.
 */
export async function restoreCredentials(
  services: RestoreServices,
  withinMs: () => number | null,
): Promise<number> {
  let restored = 0;
  for (const site of await expiredSites(services.sql, services.now())) {
    const within = withinMs();
    if (within === null) break;
    if ((await areAccepted(site, services, within)) && (await setActive(site, services))) restored += 1;
  }
  return restored;
}

async function areAccepted(site: Site, services: RestoreServices, withinMs: number): Promise<boolean> {
  try {
    const client = await openClient(services, site);
    await inTime(verifyAccount(client, site), withinMs);
    return true;
  } catch (error) {
    if (error instanceof RateLimitedError) await pause(site, error, services);
    // That they are still refused is known already.
    else if (!(error instanceof PermanentError))
      services.log.warn("site.discovery_failed", { site_id: site.siteId, error });
    return false;
  }
}

/** The next pulse asks at once, however long pulses had failed. */
async function setActive(
  { siteId, encryptedSecret }: Site,
  { sql, now, log }: RestoreServices,
): Promise<boolean> {
  const { count } = await sql`
    update confluence_sites set status = 'active', pulse_error = null, updated_at = ${now()}
    where site_id = ${siteId} and status = 'credentials_expired' and encrypted_secret = ${encryptedSecret}`;
  if (count > 0) log.info("site.credentials_restored", { site_id: siteId });
  return count > 0;
}
