import { measureHealth } from "#shared/syncs/schedules/measure-health.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each five minutes: the state of the service, zeros included, so that no data differs from "no problem". */
export const handler = scheduleHandler({
  needs: [database],
  run: async ({ sql, log, now }) => {
    const health = await measureHealth(sql, now());
    log.info("health.measured", health);
    return health;
  },
});
