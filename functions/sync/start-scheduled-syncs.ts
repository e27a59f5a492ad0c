import { startHinted } from "#shared/syncs/hints/start-hinted.ts";
import { startDueSyncs } from "#shared/syncs/schedules/start-due.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Operations for announced pages that one run starts: the next one is a minute away. */
const MAX_HINTED = 500;

/** Each minute: a sync for every source whose interval has passed, and for announced pages that waited or whose start was lost. */
export const handler = scheduleHandler({
  needs: [database, seldomUsedTaskQueue],
  run: async (services) => {
    const started = await startDueSyncs(services);
    return { started, hinted: await startHinted(services, { limit: MAX_HINTED }) };
  },
});
