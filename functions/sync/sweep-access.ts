import { refreshDirectories } from "#shared/syncs/rights/refresh-directories.ts";
import { sweepSources } from "#shared/syncs/rights/sweep-sources.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/**
 * Each minute: reads groups and accounts again, then continues the sweeps of rights that are due, which take what time is left: who
 * belongs to a group changes more often than who may see a page.
 */
export const handler = scheduleHandler({
  needs: [database, confluence, tokenCipher],
  run: async (services, invocation) => {
    const before = await refreshDirectories(services, invocation);
    const sweeps = await sweepSources(services, invocation);
    // Groups that the sweeps found named for the first time.
    const after = await refreshDirectories(services, invocation);
    const directories = before.refreshed + after.refreshed;
    return { directories, directories_failed: before.failed + after.failed, ...sweeps };
  },
});
