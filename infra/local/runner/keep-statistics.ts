import { Cron } from "croner";
import type postgres from "postgres";
import { refreshStatistics } from "#shared/documents/refresh-statistics.ts";
import { errorMessage } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";

/**
 * What autovacuum does on a server, for the embedded database, which has none: without statistics a search does not know the
 * rare words of a question from the common ones. Between the sweeps, so that neither waits for the other.
 */
export function keepStatistics(
  sql: postgres.Sql,
  log: Log,
): { stop: () => void; runNow: () => Promise<void> } {
  const job = new Cron("30 * * * * *", { timezone: "UTC", protect: true, unref: true }, async () => {
    try {
      const tables = await refreshStatistics(sql);
      if (tables.length > 0) log.debug("statistics.refreshed", { tables });
    } catch (error) {
      log.warn("statistics.refreshed", { error: errorMessage(error) });
    }
  });
  return { stop: () => job.stop(), runNow: () => job.trigger() };
}
