import { refreshDirectories } from "#shared/syncs/rights/refresh-directories.ts";
import { sweepSources } from "#shared/syncs/rights/sweep-sources.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: reads groups and accounts again, then continues the sweeps of rights that are due. Sweeps take what time is left: who belongs to a group changes more often than who may see a page. */
export const handler = scheduleHandler({
  needs: [database, confluence, tokenCipher],
  run: async (services, invocation) => {
    const { refreshed, failed } = await refreshDirectories(services, invocation);
    return {
      directories: refreshed,
      directories_failed: failed,
      ...(await sweepSources(services, invocation)),
    };
  },
});
