import { Cron } from "croner";
import type postgres from "postgres";
import { refreshStatistics, restoreStatistics } from "#shared/documents/refresh-statistics.ts";
import { errorMessage } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";

/**
 * Replaces autovacuum in the embedded database, which has none: without statistics a search cannot distinguish the rare words of
 * a query from the common ones. Runs at once for changes before an earlier stop, then between the sweeps, so that neither waits
 * for the other. Failures are logged.
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
