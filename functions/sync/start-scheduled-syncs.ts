import { startDueSyncs } from "#shared/syncs/schedules/start-due.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: a sync for every source whose interval has passed. */
export const handler = scheduleHandler({
  needs: [database, seldomUsedTaskQueue],
  run: async (services) => ({ started: await startDueSyncs(services) }),
});
