import { transaction } from "#shared/db/connect.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { statusAfter } from "#shared/syncs/operations/fail-operation.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import { openClient, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { recordHits, recordOverflow, removeSettledHits, sourcesWithNews } from "./hits.ts";
import { claimPulse, recordFailedPulse, recordPulse, sitesToPulse, type PulsedSite } from "./pulsed-sites.ts";
import { searchNews, type News } from "./search-news.ts";

/** Sites that are asked at the same time: they mostly wait for Confluence. */
const SITES_AT_ONCE = 4;
/** A call to a site that does not respond takes 45 s with its retries; with less time left no further site is asked. */
const RESERVE_MS = 45_000;
/** Syncs that one pulse of a site starts: with 2,000 changed spaces the others wait for the next minutes. */
export const MAX_STARTS = 20;

type PulseServices = SyncServices & SiteServices;
/** `failed`: of the sites that were pulsed; `started`: syncs. */
export type PulseResult = { pulsed: number; failed: number; started: number };

/**
 * Each minute: asks every site that is due once what changed in all its spaces, and starts a sync of each source with news. It decides
 * only when a source is synced: no watermark moves and nothing is deleted here. A site that fails is recorded and stops no other;
 * its sources are synced at their intervals. Throws what is no fault of a site.
 */
export async function pulseSites(
  services: PulseServices,
  invocation: { remainingMs: () => number },
): Promise<PulseResult> {
  const total: PulseResult = { pulsed: 0, failed: 0, started: 0 };
  const errors: unknown[] = [];
  const waiting = (await sitesToPulse(services.sql, services.now())).values();
  const work = async () => {
    for (const siteId of waiting) {
      if (invocation.remainingMs() < RESERVE_MS) return;
      try {
        const { failed, started } = await pulseSite(siteId, services);
        total.pulsed += 1;
        total.failed += failed ? 1 : 0;
        total.started += started;
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: SITES_AT_ONCE }, work));
  if (total.pulsed > 0) services.log.info("pulse.finished", total);
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} pulses failed for an internal reason`);
  return total;
}

async function pulseSite(
  siteId: string,
  services: PulseServices,
): Promise<{ failed: boolean; started: number }> {
  const site = await claimPulse(services.sql, siteId, services.now());
  let started = 0;
  if (!site) return { failed: false, started };
  try {
    const client = await openClient(services, site);
    const news = await searchNews(client, site, services.now());
    await slowDownNearLimit(client, site, services);
    await recordNews(site, news, services);
    started = await startSyncs(siteId, services);
    if (!news.incomplete) return { failed: false, started };
    const message = "Fewer pages were listed than Confluence counted: the next pulse looks back as far";
    throw new TransientError("incomplete_search", message);
  } catch (error) {
    await settleFailure(site, error, services);
    return { failed: true, started };
  }
}

/** In one transaction: a pulse that looks back less the next time has recorded all that it found. */
async function recordNews(site: PulsedSite, news: News, services: PulseServices): Promise<void> {
  const { siteId } = site;
  const { startedAt, pages, overflow, incomplete } = news;
  const now = services.now();
  await transaction(services.sql, async (tx) => {
    await recordHits(tx, siteId, pages, now);
    if (overflow) await recordOverflow(tx, siteId, now);
    await removeSettledHits(tx, siteId, { complete: !overflow && !incomplete, now });
    if (!incomplete) await recordPulse(tx, siteId, { startedAt, now });
  });
}

/** A 429 is no failure: the site waits as long as it asked for, and its other sources with it. */
async function settleFailure(site: PulsedSite, error: unknown, services: PulseServices): Promise<void> {
  if (error instanceof RateLimitedError) {
    await pause(site, error, services);
    return;
  }
  if (!(error instanceof PermanentError) && !(error instanceof TransientError)) throw error;
  await recordFailedPulse(services.sql, site, error, services.now());
  services.log.warn("pulse.failed", { site_id: site.siteId, code: error.code, error });
  if (statusAfter(error) === "credentials_expired") await expireCredentials(site, error, services);
}

async function startSyncs(siteId: string, services: PulseServices): Promise<number> {
  let started = 0;
  const sources = await sourcesWithNews(services.sql, siteId, { limit: MAX_STARTS, now: services.now() });
  for (const { sourceId, spaceKey } of sources) {
    const result = await syncSpace(sourceId, spaceKey, { actor: "pulse" }, services);
    if (result.started) started += 1;
  }
  return started;
}
