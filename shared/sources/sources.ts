import type postgres from "postgres";
import { PAGES_ONLY } from "#shared/content-kinds.ts";
import { UserError } from "#shared/errors.ts";
import { transaction, type Json, type Sql } from "#shared/db/connect.ts";
import { forgetUnusedSite, siteOfAccount } from "#shared/sources/account-site.ts";
import type { NewSource, Source, SourceChanges, SourceStatus } from "./source.ts";
import { sourceColumns, sourcesWithSites, toSource, type SourceRow } from "./source-rows.ts";

export type { Source } from "./source.ts";

/** The source, also one that is being deleted; null when not found. */
export async function getSource(sql: Sql, sourceId: string): Promise<Source | null> {
  const [row] = await sql<SourceRow[]>`
    select ${sourceColumns(sql)} from ${sourcesWithSites(sql)} where s.source_id = ${sourceId}`;
  return row ? toSource(row) : null;
}

/** The source; throws `UserError` 404 `source_not_found` when it does not exist or is being deleted. */
export async function requireSource(sql: Sql, sourceId: string): Promise<Source> {
  const source = await getSource(sql, sourceId);
  if (!source || source.status === "deleting") {
    throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
  }
  return source;
}

/** A space that was unavailable is tried again at this interval. */
export const UNAVAILABLE_RETRY_HOURS = 24;
/** After a first sync that failed, or listed less than Confluence counted: until one succeeds, neither pulses nor hooks sync the source. */
const FIRST_SYNC_RETRY_MINUTES = 30;

/**
 * Active sources whose interval has passed since their last sync was started (or that were never synced), or that began to carry rights
 * over since, longest waiting first, without those that an operation holds right now. A dry run is not a sync. A first sync that did not
 * succeed, unless it was cancelled, is due again after FIRST_SYNC_RETRY_MINUTES. A source whose space was unavailable is due once a day,
 * whatever its interval, so that it recovers by itself.
 */
export async function listDueSources(sql: Sql, now: Date): Promise<Source[]> {
  const rows = await sql<SourceRow[]>`
    select ${sourceColumns(sql)} from ${sourcesWithSites(sql)}
    left join lateral (
      select p.created_at as started,
        case when p.status = 'failed' or p.status <> 'cancelled' and p.listing_incomplete then p.finished_at end as failed_at
      from archon_progress p
      where p.source_id = s.source_id and p.operation_type = 'confluence_sync' and not p.dry_run
      order by p.created_at desc limit 1
    ) last on true
    where (s.sync_interval_minutes is not null or s.access_changed_at > last.started) and c.status = 'active'
      and (s.lease_until is null or s.lease_until <= ${now})
      and (s.status = 'space_unavailable' and last.started + make_interval(hours => ${UNAVAILABLE_RETRY_HOURS}::int) <= ${now}
        or s.status = 'active' and (
          last.started is null and (s.first_sync_at is null or s.first_sync_at <= ${now})
          or last.started + make_interval(mins => s.sync_interval_minutes) <= ${now}
          or s.access_changed_at > last.started
          or s.metadata ->> 'last_sync_timestamp' is null
            and last.failed_at + make_interval(mins => ${FIRST_SYNC_RETRY_MINUTES}::int) <= ${now}))
    order by last.started nulls first, s.source_id`;
  return rows.map(toSource);
}

/**
 * Stores a new source and its account's credentials, which hold for the account's other sources of the site too. Throws `UserError`
 * 409 `source_exists`, naming the source that has this site and space, also when two requests race.
 */
export async function insertSource(sql: postgres.Sql, source: NewSource, now: Date): Promise<Source> {
  const { sourceId, baseUrl, accountId, email, encryptedToken } = source;
  const credentials = { accountId, email, encryptedToken, boundTo: sourceId };
  return transaction(sql, async (tx) => {
    const site = {
      siteId: `site-${sourceId}`,
      baseUrl,
      apiBase: source.apiBase ?? baseUrl,
      credentials,
      now,
    };
    const siteId = await siteOfAccount(tx, site);
    await insertSourceOfSite(tx, { ...source, siteId }, now);
    return requireSource(tx, sourceId);
  });
}

/** Stores a new source of a site. Throws `UserError` 409 `source_exists`. */
export async function insertSourceOfSite(
  tx: Sql,
  source: Omit<NewSource, "email" | "encryptedToken" | "apiBase"> & { siteId: string },
  now: Date,
): Promise<void> {
  const rows = await tx`
    insert into archon_sources (
      source_id, site_id, title, base_url, space_key, space_id, space_name, account_id,
      sync_interval_minutes, search_language, content, access, unreadable_containers, verify, embedding_model, metadata, web_base, refused_calls, first_sync_at, created_at, updated_at)
    values (
      ${source.sourceId}, ${source.siteId}, ${source.title}, ${source.baseUrl}, ${source.spaceKey}, ${source.spaceId},
      ${source.spaceName}, ${source.accountId}, ${source.syncIntervalMinutes}, ${source.searchLanguage},
      ${tx.json(source.content ?? PAGES_ONLY)}, ${source.access ?? "everything"}, ${source.unreadableContainers ?? "hide"}, ${source.verify ?? "stored"}, ${source.embeddingModel}, ${tx.json({ deletion_strategy: source.deletionStrategy })}, ${source.webBase ?? null},
      ${tx.json(source.refusedCalls ?? {})}, ${source.firstSyncAt ?? null}, ${now}, ${now})
    on conflict (base_url, space_key) where status <> 'deleting' do nothing
    returning source_id`;
  if (rows.length === 0) throw sourceExists(await findSourceOfSpace(tx, source.baseUrl, source.spaceKey));
}

/** The error for a space that already has a source. */
export function sourceExists(sourceId: string | null): UserError {
  return new UserError(409, "source_exists", "This space already has a source", {
    details: { source_id: sourceId },
  });
}

/** The id of the source of this space that is not being deleted, or null. */
export async function findSourceOfSpace(sql: Sql, baseUrl: string, spaceKey: string): Promise<string | null> {
  const [row] = await sql<{ source_id: string }[]>`
    select source_id from archon_sources
    where base_url = ${baseUrl} and space_key = ${spaceKey} and status <> 'deleting'`;
  return row?.source_id ?? null;
}

/**
 * Changes what is given, together, after `first` in the same transaction. Credentials of another account move the source to that
 * account's site. Throws `UserError` 404 when the source does not exist (any more).
 */
export async function updateSource(
  sql: postgres.Sql,
  sourceId: string,
  { credentials, first, ...changes }: SourceChanges & { first?: (tx: Sql) => Promise<void> },
  now: Date,
): Promise<Source> {
  const columns = {
    ...(changes.title === undefined ? {} : { title: changes.title }),
    ...(changes.syncIntervalMinutes === undefined
      ? {}
      : { sync_interval_minutes: changes.syncIntervalMinutes }),
    ...(changes.status === undefined ? {} : { status: changes.status }),
    ...(changes.content === undefined ? {} : { content: sql.json(changes.content) }),
    ...(changes.access === undefined ? {} : { access: changes.access }),
    ...(changes.unreadableContainers === undefined
      ? {}
      : { unreadable_containers: changes.unreadableContainers }),
    ...(changes.verify === undefined ? {} : { verify: changes.verify }),
    ...(changes.refusedCalls === undefined ? {} : { refused_calls: sql.json(changes.refusedCalls) }),
    updated_at: now,
  };
  return transaction(sql, async (tx) => {
    await first?.(tx);
    const source = await requireSource(tx, sourceId);
    if (credentials) {
      const { baseUrl } = source;
      const { apiBase = source.apiBase } = credentials;
      const siteId = await siteOfAccount(tx, { baseUrl, apiBase, credentials, now });
      await tx`update archon_sources set site_id = ${siteId}, account_id = ${credentials.accountId} where source_id = ${sourceId}`;
      await forgetUnusedSite(tx, source.siteId, now);
    }
    await tx`
      update archon_sources
      set ${tx(columns)}, ${beginsAccess(tx, changes)} ${changesGuard(tx, changes, now)} metadata = metadata || ${tx.json(changes.metadata ?? {})}
      where source_id = ${sourceId} and status <> 'deleting'`;
    return requireSource(tx, sourceId);
  });
}

/**
 * Until a sweep has read the rights again, only what both modes show is shown. Rights that are carried over again were not looked after
 * meanwhile: nothing is shown until then.
 */
function beginsAccess(sql: Sql, { access }: Pick<SourceChanges, "access">) {
  if (access === undefined) return sql``;
  if (access === "everything") return sql`access_before = null,`;
  return sql`
    access_verified_at = case when access <> 'everything' then access_verified_at end,
    access_before = case when access <> 'everything' then nullif(coalesce(access_before, access), ${access}) end,`;
}

/** What pages show of others is stored in another way from then on. */
function changesGuard(sql: Sql, { access }: Pick<SourceChanges, "access">, now: Date) {
  if (access === undefined) return sql``;
  return sql`access_changed_at = case when (access = 'everything') <> ${access === "everything"} then ${now} else access_changed_at end,`;
}

/** Merges `patch` into the metadata, in the database: concurrent writers of other keys lose nothing. */
export async function mergeSourceMetadata(
  sql: Sql,
  sourceId: string,
  patch: Record<string, Json>,
  now: Date,
): Promise<void> {
  await sql`
    update archon_sources set metadata = metadata || ${sql.json(patch)}, updated_at = ${now}
    where source_id = ${sourceId}`;
}

/** Stores the address that people read the site at, when it differs from the stored one. */
export async function setWebBase(sql: Sql, sourceId: string, webBase: string): Promise<void> {
  await sql`
    update archon_sources set web_base = ${webBase}
    where source_id = ${sourceId} and web_base is distinct from ${webBase}`;
}

/** Adds to the count of responses that differ from Confluence's description; `example` replaces the last one. */
export async function addDrift(
  sql: Sql,
  sourceId: string,
  drift: { count: number; example: string; at: Date },
): Promise<void> {
  await sql`
    update archon_sources set metadata = metadata || jsonb_build_object('drift', jsonb_build_object(
      'count', coalesce((metadata -> 'drift' ->> 'count')::int, 0) + ${drift.count}::int,
      'last_at', ${drift.at.toISOString()}::text, 'example', ${drift.example}::text))
    where source_id = ${sourceId}`;
}

/** Sets the status; a source that is being deleted keeps its own. Whether credentials work is known of the whole site. */
export async function setSourceStatus(
  sql: Sql,
  sourceId: string,
  status: Exclude<SourceStatus, "deleting">,
  now: Date,
): Promise<void> {
  if (status !== "space_unavailable")
    await sql`
      update confluence_sites set status = ${status}, updated_at = ${now}
      where site_id = (select site_id from archon_sources where source_id = ${sourceId} and status <> 'deleting')
        and status not in ('deleting', ${status})`;
  if (status !== "credentials_expired")
    await sql`
      update archon_sources set status = ${status}, updated_at = ${now}
      where source_id = ${sourceId} and status not in ('deleting', ${status})`;
}

/** Pauses requests to a site until `until`, for all its sources: the rate limit is the account's. A longer pause stays. */
export async function pauseSite(sql: Sql, siteId: string | null, until: Date, now: Date): Promise<void> {
  await sql`
    update confluence_sites set paused_until = greatest(paused_until, ${until}), updated_at = ${now}
    where site_id = ${siteId} and status <> 'deleting'`;
}

/**
 * Every reader stops showing the source at once, its lease is free, its space can be added again, and its secret is deleted unless
 * other sources of the site need it; the rows are removed in the background. False when the source does not exist (any more).
 */
export async function markSourceDeleting(sql: postgres.Sql, sourceId: string, now: Date): Promise<boolean> {
  return transaction(sql, async (tx) => {
    const [row] = await tx<{ siteId: string | null }[]>`
      update archon_sources
      set status = 'deleting', encrypted_token = null, email = null, lease_operation_id = null, lease_until = null,
        updated_at = ${now}
      where source_id = ${sourceId} and status <> 'deleting'
      returning site_id as "siteId"`;
    if (row) await forgetUnusedSite(tx, row.siteId, now);
    return row !== undefined;
  });
}
