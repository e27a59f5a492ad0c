import { Cron } from "croner";
import type postgres from "postgres";
import { refreshStatistics, restoreStatistics } from "#shared/documents/refresh-statistics.ts";
import { errorMessage } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";

/**
 * What autovacuum does on a server, for the embedded database, which has none: without statistics a search does not know the
 * rare words of a query from the common ones. At once for what an earlier stop left undone, then between the sweeps, so that
 * neither waits for the other. A failure is logged.
 */
export function keepStatistics(
  sql: postgres.Sql,
  log: Log,
): { restored: Promise<void>; stop: () => void; runNow: () => Promise<void> } {
  const run = async (refresh: (sql: postgres.Sql) => Promise<string[]>) => {
    try {
      const tables = await refresh(sql);
      if (tables.length > 0) log.debug("statistics.refreshed", { tables });
    } catch (error) {
      log.warn("statistics.refreshed", { error: errorMessage(error) });
    }
  };
  const job = new Cron("30 * * * * *", { timezone: "UTC", protect: true, unref: true }, () =>
    run(refreshStatistics),
  );
  return { restored: run(restoreStatistics), stop: () => job.stop(), runNow: () => job.trigger() };
}
