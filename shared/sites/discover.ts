import type { ConfluenceClient, ListedSpace } from "#shared/confluence/client.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { PermanentError, RateLimitedError, UserError } from "#shared/errors.ts";
import { insertSourceOfSite } from "#shared/sources/sources.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import { later } from "#shared/syncs/later.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { statusAfter } from "#shared/syncs/operations/fail-operation.ts";
import { pause, slowDownNearLimit } from "#shared/syncs/operations/waiting.ts";
import { openClient, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { countInSpaces } from "./count-content.ts";
import { estimateFirstSyncs } from "./estimate.ts";
import { inTime } from "./in-time.ts";
import { requireSite, updateSite, type Estimate, type Site } from "./site.ts";
import { fitsRule, type SpaceRule } from "./space-rule.ts";

/** First syncs that begin in one minute. */
export const FIRST_SYNCS_A_MINUTE = 10;
const MINUTE_MS = 60_000;

export type DiscoveryServices = Pick<SyncServices, "sql" | "now" | "newId" | "random" | "log"> &
  SiteServices & { model: string };

/**
 * `created`: ids of the sources made for new spaces; `taken`: keys of those that wait because another space's source has their key;
 * `held`: the estimate for those that wait for a person's word.
 */
export type Discovery = { listed: number; created: string[]; taken: string[]; held: Estimate | null };

type DiscoveryOptions = { approve?: boolean; listed?: readonly ListedSpace[]; withinMs?: number };

/** All spaces that the account sees. Throws unless the listing is complete and the account is the known one. */
export async function listSpaces(client: ConfluenceClient, accountId: string | null): Promise<ListedSpace[]> {
  const user = await client.currentUser();
  if (user.accountId === null || (accountId !== null && user.accountId !== accountId))
    throw new PermanentError(
      user.accountId === null ? "credentials_rejected" : "account_changed",
      "Confluence does not recognise the site's account: its listing of spaces is not used",
    );
  const spaces = new Map<string, ListedSpace>();
  for await (const listed of listToEnd((cursor) => client.spaces(cursor)))
    for (const space of listed.spaces) spaces.set(space.id, space);
  return [...spaces.values()];
}

/**
 * Lists the site's spaces and makes sources of the new ones that its rule includes, unless they exceed its limits: then they wait
 * until `approve`. A space whose key the source of another space has, as after a space was deleted and made again, waits until that
 * source is deleted. `listed`: a complete listing of just now. Renamed, archived, vanished and excluded spaces are recorded as such; no
 * source is deleted or changed otherwise. A 429 pauses the site, for its syncs too; while it is paused nothing is asked. Throws
 * `RateLimitedError` then. What the site does not say within `withinMs` is recorded as a failure.
 */
export async function discoverSpaces(
  siteId: string,
  services: DiscoveryServices,
  options: DiscoveryOptions = {},
): Promise<Discovery> {
  const site = await requireSite(services.sql, siteId);
  const pausedMs = (site.pausedUntil?.getTime() ?? 0) - services.now().getTime();
  if (pausedMs > 0 && !options.listed) throw new RateLimitedError("The site is paused", pausedMs);
  try {
    const client = await openClient(services, site);
    const asked = askSite(client, site, services, options);
    const { spaces, held } = await inTime(asked, options.withinMs);
    await slowDownNearLimit(client, site, services);
    const result = await recordSpaces(site, spaces, { services, held });
    services.log.info("site.discovered", {
      site_id: siteId,
      spaces: spaces.length,
      sources_added: result.created.length,
      held: held !== null,
    });
    if (result.taken.length > 0)
      services.log.warn("site.spaces_waiting", { site_id: siteId, space_keys: result.taken });
    return result;
  } catch (error) {
    // As for a pulse, to wait is no failure.
    if (error instanceof RateLimitedError) await pause(site, error, services);
    else await recordFailure(site, error, services);
    throw error;
  }
}

async function askSite(
  client: ConfluenceClient,
  site: Site,
  services: DiscoveryServices,
  { approve = false, listed }: DiscoveryOptions,
): Promise<{ spaces: readonly ListedSpace[]; held: Estimate | null }> {
  const spaces = listed ?? (await listSpaces(client, site.accountId));
  const fresh = await newSpaces(services.sql, site, spaces);
  const limited = site.limits.max_pages !== undefined || site.limits.max_dollars !== undefined;
  const asksForWord = limited && !approve && fresh.length > 0;
  return { spaces, held: asksForWord ? await overLimits(client, site, fresh, services) : null };
}

async function recordFailure(site: Site, error: unknown, services: DiscoveryServices): Promise<void> {
  const now = services.now();
  const code = error instanceof Error && "code" in error ? String(error.code) : "internal_error";
  const message = error instanceof Error ? error.message : String(error);
  await updateSite(
    services.sql,
    site.siteId,
    {
      discoveryError: { code, message, at: now.toISOString() },
    },
    now,
  );
  if (statusAfter({ code }) === "credentials_expired") await expireCredentials(site, error, services);
  services.log.warn("site.discovery_failed", { site_id: site.siteId, error });
}

/** The estimate for these spaces if it exceeds the limits, or is not complete, else null. A model without a known price is over any limit of dollars. */
async function overLimits(
  client: ConfluenceClient,
  { limits, defaults }: Pick<Site, "limits" | "defaults">,
  spaces: readonly ListedSpace[],
  { sql, model }: { sql: Sql; model: string },
): Promise<Estimate | null> {
  const keys = spaces.map(({ key }) => key);
  const counts = await countInSpaces(client, keys, defaults.content);
  const estimate = await estimateFirstSyncs(sql, { spaces: keys.length, counts, model });
  const { max_pages = Infinity, max_dollars = Infinity } = limits;
  const pages = estimate.pages + estimate.blogposts;
  return !counts.isComplete || pages > max_pages || (estimate.dollars ?? Infinity) > max_dollars
    ? estimate
    : null;
}

/** The spaces that the rule includes and that no source of this address has, neither them nor their key. */
export async function newSpaces(
  sql: Sql,
  site: { baseUrl: string; rule: SpaceRule | null },
  spaces: readonly ListedSpace[],
): Promise<ListedSpace[]> {
  return (await spacesWithoutSource(sql, site, spaces)).fresh;
}

/** `taken`: those whose key the source of another space has. */
async function spacesWithoutSource(
  sql: Sql,
  { baseUrl, rule }: { baseUrl: string; rule: SpaceRule | null },
  spaces: readonly ListedSpace[],
): Promise<{ fresh: ListedSpace[]; taken: ListedSpace[] }> {
  if (rule === null) return { fresh: [], taken: [] };
  const rows = await sql<{ space_id: string; space_key: string }[]>`
    select space_id, space_key from archon_sources where base_url = ${baseUrl} and status <> 'deleting'`;
  const known = new Set(rows.map((row) => row.space_id));
  // A renamed space takes its source along to its new key.
  const keysNow = new Map(spaces.map(({ id, key }) => [id, key]));
  const keys = new Set(rows.map((row) => keysNow.get(row.space_id) ?? row.space_key));
  const fresh: ListedSpace[] = [];
  const taken: ListedSpace[] = [];
  for (const space of spaces) {
    if (known.has(space.id) || !fitsRule(rule, space)) continue;
    (keys.has(space.key) ? taken : fresh).push(space);
    keys.add(space.key);
  }
  return { fresh, taken };
}

async function recordSpaces(
  { siteId }: Site,
  spaces: readonly ListedSpace[],
  { services, held }: { services: DiscoveryServices; held: Estimate | null },
): Promise<Discovery> {
  const now = services.now();
  return transaction(services.sql, async (tx) => {
    // Of two discoveries at the same time the second finds what the first one made.
    const site = await requireSite(tx, siteId, { lock: true });
    const { rule } = site;
    const rows = spaces.map((space) => ({ ...space, fits: rule !== null && fitsRule(rule, space) }));
    await tx`
      insert into confluence_spaces as known (site_id, space_id, space_key, name, type, status, fits)
      select ${siteId}, id, key, name, type, status, fits
      from jsonb_to_recordset(${tx.json(rows)})
        as listed (id text, key text, name text, type text, status text, fits boolean)
      on conflict (site_id, space_id) do update set
        renamed_from = case when known.space_key = excluded.space_key then known.renamed_from else known.space_key end,
        space_key = excluded.space_key, name = excluded.name, type = excluded.type, status = excluded.status,
        fits = excluded.fits, gone_since = null`;
    await tx`
      update confluence_spaces set gone_since = ${now}
      where site_id = ${siteId} and gone_since is null and space_id <> all(${spaces.map(({ id }) => id)}::text[])`;
    await followRenames(tx, siteId, now);
    const created: string[] = [];
    const { fresh, taken } = await spacesWithoutSource(tx, site, spaces);
    for (const space of held ? [] : fresh) {
      const sourceId = services.newId();
      const firstSyncAt = later(now, Math.floor(created.length / FIRST_SYNCS_A_MINUTE) * MINUTE_MS);
      const source = { ...sourceOf(space, site), sourceId, embeddingModel: services.model, firstSyncAt };
      try {
        await insertSourceOfSite(tx, source, now);
        created.push(sourceId);
      } catch (error) {
        // Of a request that was faster, or of a renamed space whose own site has not looked since.
        if (!(error instanceof UserError && error.code === "source_exists")) throw error;
        taken.push(space);
      }
    }
    await updateSite(tx, siteId, { held, discoveredAt: now, discoveryError: null }, now);
    return { listed: spaces.length, created, taken: taken.map(({ key }) => key), held };
  });
}

function sourceOf(space: ListedSpace, { siteId, baseUrl, accountId, defaults }: Site) {
  return {
    siteId,
    title: space.name,
    baseUrl,
    spaceKey: space.key,
    spaceId: space.id,
    spaceName: space.name,
    accountId,
    syncIntervalMinutes: defaults.sync_interval_minutes,
    searchLanguage: defaults.search_language,
    content: defaults.content,
    access: defaults.access,
    unreadableContainers: defaults.unreadable_containers,
    verify: defaults.verify,
    deletionStrategy: defaults.deletion_strategy,
  };
}

/** A space that has another key now is the same space: its source lists it by the new one, unless another source has that key. */
async function followRenames(tx: Sql, siteId: string, now: Date): Promise<void> {
  await tx`
    update archon_sources s set space_key = k.space_key, space_name = k.name, updated_at = ${now}
    from confluence_spaces k
    where k.site_id = ${siteId} and s.site_id = k.site_id and s.space_id = k.space_id and s.space_key <> k.space_key
      and k.gone_since is null and s.status <> 'deleting'
      and not exists (select from archon_sources other where other.base_url = s.base_url
        and other.space_key = k.space_key and other.status <> 'deleting')`;
}
