import { deleteSourcesOfDeletedSites } from "#shared/sites/delete-site.ts";
import { sweep } from "#shared/syncs/schedules/sweep.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { seldomUsedEventSender, seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: sends lost work again, finishes operations, sends events, removes what has expired. */
export const handler = scheduleHandler({
  needs: [database, seldomUsedTaskQueue, seldomUsedEventSender],
  run: async ({ env, ...services }, invocation) => {
    await deleteSourcesOfDeletedSites(services);
    const retention = {
      operationDays: env.OPERATION_RETENTION_DAYS,
      changeDays: env.CHANGE_RETENTION_DAYS,
      eventDays: env.EVENT_RETENTION_DAYS,
    };
    return sweep({ ...services, env, retention }, invocation);
  },
});
