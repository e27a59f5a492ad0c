import { sweepSources } from "#shared/syncs/rights/sweep-sources.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

/** Each minute: continues the sweeps of rights that are due. */
export const handler = scheduleHandler({
  needs: [database, confluence, tokenCipher],
  run: sweepSources,
});
