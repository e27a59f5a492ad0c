import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { RateLimitedError } from "#shared/errors.ts";
import { pauseSite, type Source } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

const MAX_RETRY_DELAY_MS = 15 * 60_000;

/** Half a minute, doubled at each failure up to 15 minutes, with jitter so that sources do not retry at the same time. */
export function retryDelayMs(failures: number, random: () => number): number {
  const full = Math.min(MAX_RETRY_DELAY_MS, 30_000 * 2 ** (failures - 1));
  return Math.round(full * (0.5 + random() / 2));
}

/** Saves the pause in the database, where every worker sees it, and returns its end. */
export async function pause(source: Source, error: RateLimitedError, services: SyncServices): Promise<Date> {
  const now = services.now();
  // Jitter is only added: waiting less than requested would cause another 429.
  const until = later(now, Math.round(error.retryAfterMs * (1 + services.random() / 10)));
  await pauseSite(services.sql, source.sourceId, until, now);
  services.log.warn("source.paused", { source_id: source.sourceId, until: until.toISOString() });
  return until;
}

/** The last fifth of a rate limit is spread over pauses of this length instead of causing a 429. */
const NEAR_LIMIT_PAUSE_MS = 10_000;

/** Pauses the source briefly when Confluence reports that its rate limit is nearly used up; returns the pause's end, or null. */
export async function slowDownNearLimit(
  client: ConfluenceClient,
  source: Source,
  services: SyncServices,
): Promise<Date | null> {
  if (!client.nearLimit?.()) return null;
  const now = services.now();
  const until = later(now, NEAR_LIMIT_PAUSE_MS);
  await pauseSite(services.sql, source.sourceId, until, now);
  return until;
}
