import { measureHealth } from "#shared/syncs/schedules/measure-health.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

const HOUR_MS = 60 * 60_000;

/** Each five minutes: the state of the service, zeros included, so that no data differs from "no problem". */
export const handler = scheduleHandler({
  needs: [database],
  run: async ({ sql, log, now, env }) => {
    const rightsMaxAgeMs = env.ACCESS_MAX_AGE_HOURS * HOUR_MS;
    const sweepMinutes = env.ACCESS_SWEEP_MINUTES;
    const health = await measureHealth(sql, now(), { rightsMaxAgeMs, sweepMinutes });
    log.info("health.measured", health);
    return health;
  },
});
