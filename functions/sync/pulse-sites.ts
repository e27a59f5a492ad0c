import { pulseSites } from "#shared/syncs/pulse/pulse-sites.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { seldomUsedTaskQueue } from "#functions/runtime/providers/seldom-used.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: one search over all spaces of each site, and a sync for every source with news. */
export const handler = scheduleHandler({
  needs: [database, seldomUsedTaskQueue, tokenCipher, confluence],
  run: pulseSites,
});
