import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { RateLimitedError } from "#shared/errors.ts";
import { pauseSite } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

/** Who met a limit: a source of a site, or the site's pulse. */
type Limited = { siteId: string | null; sourceId?: string };
type PauseServices = Pick<SyncServices, "sql" | "log" | "now" | "random">;

const MAX_RETRY_DELAY_MS = 15 * 60_000;

/** Half a minute, doubled at each failure up to 15 minutes, with jitter so that sources do not retry at the same time. */
export function retryDelayMs(failures: number, random: () => number): number {
  const full = Math.min(MAX_RETRY_DELAY_MS, 30_000 * 2 ** (failures - 1));
  return Math.round(full * (0.5 + random() / 2));
}

/** When what was refused may be tried again. Jitter is only added: waiting less than requested would cause another 429. */
export function endOfPause(
  error: RateLimitedError,
  { now, random }: Pick<SyncServices, "now" | "random">,
): Date {
  return later(now(), Math.round(error.retryAfterMs * (1 + random() / 10)));
}

/** Saves the pause in the database, where every worker sees it, and returns its end. */
export async function pause(
  { siteId, sourceId }: Limited,
  error: RateLimitedError,
  services: PauseServices,
): Promise<Date> {
  const now = services.now();
  const until = endOfPause(error, services);
  await pauseSite(services.sql, siteId, until, now);
  const of = sourceId === undefined ? { site_id: siteId } : { source_id: sourceId };
  services.log.warn("source.paused", { ...of, until: until.toISOString() });
  return until;
}

/** The last fifth of a rate limit is spread over pauses of this length instead of causing a 429. */
const NEAR_LIMIT_PAUSE_MS = 10_000;

/** Pauses the site briefly when Confluence reports that its rate limit is nearly used up; returns the pause's end, or null. */
export async function slowDownNearLimit(
  client: ConfluenceClient,
  { siteId }: Limited,
  services: PauseServices,
): Promise<Date | null> {
  if (!client.nearLimit?.()) return null;
  const now = services.now();
  const until = later(now, NEAR_LIMIT_PAUSE_MS);
  await pauseSite(services.sql, siteId, until, now);
  return until;
}
