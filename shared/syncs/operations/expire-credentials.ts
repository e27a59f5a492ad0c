import type postgres from "postgres";
import { transaction } from "#shared/db/connect.ts";
import type { Log } from "#shared/log.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import type { Site } from "#shared/sites/site.ts";

/**
 * Marks the credentials of a site as expired, for all its sources, with an event and a log line. Does nothing when they were replaced
 * since `site` was read, or are marked already.
 */
export async function expireCredentials(
  site: Pick<Site, "siteId" | "encryptedSecret">,
  error: unknown,
  { sql, now, log }: { sql: postgres.Sql; now: () => Date; log: Log },
): Promise<void> {
  const { siteId } = site;
  const at = now();
  const isNew = await transaction(sql, async (tx) => {
    const { count } = await tx`
      update confluence_sites set status = 'credentials_expired', updated_at = ${at}
      where site_id = ${siteId} and status = 'active' and encrypted_secret is not distinct from ${site.encryptedSecret}`;
    if (count > 0)
      await writeEvent(tx, { type: "site.credentials_expired", detail: { site_id: siteId }, now: at });
    return count > 0;
  });
  if (isNew) log.error("site.credentials_expired", { site_id: siteId, error });
}
