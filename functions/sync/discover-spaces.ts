import { chosenModel } from "#shared/embeddings/embedding-models.ts";
import { discoverSpaces, type DiscoveryServices } from "#shared/sites/discover.ts";
import { restoreCredentials } from "#shared/sites/restore-credentials.ts";
import { sitesToDiscover } from "#shared/sites/site.ts";
import { warnOfExpiry } from "#shared/sites/token-expiry.ts";
import { later } from "#shared/syncs/later.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { scheduleHandler } from "#functions/runtime/schedule.ts";

const DISCOVERY_INTERVAL_MS = 24 * 60 * 60_000;
/** Listing 2,000 spaces takes 8 calls; with less time left the next run continues. */
const RESERVE_MS = 25_000;
/** Left to record that a site did not respond in time. */
const TO_RECORD_MS = 5_000;

/**
 * Each half hour: looks for new spaces of each site whose last look is a day ago, tries refused credentials again, and warns of tokens
 * that expire.
 */
export const handler = scheduleHandler({
  needs: [database, confluence, tokenCipher],
  run: async (services, invocation) => {
    const { sql, now } = services;
    const warned = await warnOfExpiry(sql, now());
    const model = await chosenModel(sql);
    if (model === null)
      throw new Error("No embedding model is chosen: the database was not migrated by this release");
    const withinMs = () => {
      const left = invocation.remainingMs();
      return left < RESERVE_MS ? null : left - TO_RECORD_MS;
    };
    // At the same time, so that neither waits for a site of the other that does not respond.
    const [discovered, restored] = await Promise.all([
      discoverDue({ ...services, model }, withinMs),
      restoreCredentials(services, withinMs),
    ]);
    return { discovered, restored, warned: warned.length };
  },
});

async function discoverDue(services: DiscoveryServices, withinMs: () => number | null): Promise<number> {
  const { sql, now } = services;
  const before = later(now(), -DISCOVERY_INTERVAL_MS);
  let discovered = 0;
  for (const site of await sitesToDiscover(sql, { before, now: now() })) {
    const within = withinMs();
    if (within === null) break;
    try {
      await discoverSpaces(site.siteId, services, { withinMs: within });
      discovered += 1;
    } catch {
      // Recorded on the site, with a log line, or the site is paused; the others are not affected, and the next run tries again.
    }
  }
  return discovered;
}
