import { startHinted } from "#shared/syncs/hints/start-hinted.ts";
import { startDueChecks, startDueSyncs } from "#shared/syncs/schedules/start-due.ts";
import { lastTick } from "#shared/syncs/schedules/weekly-check.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Operations for announced pages that one run starts: the next one is a minute away. */
const MAX_HINTED = 500;

/**
 * Each minute: a deletion check for every source for which one is wanted, or whose weekly one could not start at its tick; a sync for
 * every source whose interval has passed; and for announced pages that waited or whose start was lost. Checks come first: a source
 * that is synced each minute would never have a minute for one. What fails does not stop the rest.
 */
export const handler = scheduleHandler({
  needs: [database, seldomUsedTaskQueue],
  run: async (services) => {
    const errors: unknown[] = [];
    const attempt = (start: Promise<number>) =>
      start.catch((error: unknown) => {
        errors.push(error);
        return 0;
      });
    const checks = await attempt(startDueChecks(lastTick(services.now()), services));
    const started = await attempt(startDueSyncs(services));
    const hinted = await attempt(startHinted(services, { limit: MAX_HINTED }));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "Scheduled operations could not be started");
    return { checks, started, hinted };
  },
});
