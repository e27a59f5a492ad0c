import { UserError } from "#shared/errors.ts";
import type { Json, Sql } from "#shared/db/connect.ts";
import { refusedCalls } from "./refused-calls.ts";
import {
  sourceMetadata,
  type NewSource,
  type Source,
  type SourceChanges,
  type SourceStatus,
} from "./source.ts";

export type { Source } from "./source.ts";

/** The source, also one that is being deleted; null when not found. */
export async function getSource(sql: Sql, sourceId: string): Promise<Source | null> {
  const [row] = await sql<SourceRow[]>`
    select ${sourceColumns(sql)} from archon_sources s where s.source_id = ${sourceId}`;
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

/**
 * Active sources whose interval has passed since their last sync was started (or that were never synced), longest waiting
 * first, without those that an operation holds right now. A dry run is not a sync. A source whose space was unavailable is due
 * once a day, so that it recovers by itself.
 */
export async function listDueSources(sql: Sql, now: Date): Promise<Source[]> {
  const rows = await sql<SourceRow[]>`
    select ${sourceColumns(sql)} from archon_sources s
    left join lateral (
      select max(p.created_at) as started from archon_progress p
      where p.source_id = s.source_id and p.operation_type = 'confluence_sync' and not p.dry_run
    ) last on true
    where s.sync_interval_minutes is not null
      and (s.status = 'active' or (s.status = 'space_unavailable'
        and last.started + make_interval(hours => ${UNAVAILABLE_RETRY_HOURS}::int) <= ${now}))
      and (s.lease_until is null or s.lease_until <= ${now})
      and (last.started is null or last.started + make_interval(mins => s.sync_interval_minutes) <= ${now})
    order by last.started nulls first, s.source_id`;
  return rows.map(toSource);
}

/**
 * Stores a new source. Throws `UserError` 409 `source_exists`, naming the source that has this site and space, also when
 * two requests race.
 */
export async function insertSource(sql: Sql, source: NewSource, now: Date): Promise<Source> {
  const [row] = await sql<SourceRow[]>`
    insert into archon_sources as s (
      source_id, title, base_url, space_key, space_id, space_name, account_id, email, encrypted_token,
      sync_interval_minutes, search_language, embedding_model, metadata, web_base, refused_calls, created_at, updated_at)
    values (
      ${source.sourceId}, ${source.title}, ${source.baseUrl}, ${source.spaceKey}, ${source.spaceId}, ${source.spaceName},
      ${source.accountId}, ${source.email}, ${source.encryptedToken}, ${source.syncIntervalMinutes},
      ${source.searchLanguage}, ${source.embeddingModel},
      ${sql.json({ deletion_strategy: source.deletionStrategy })}, ${source.webBase ?? null},
      ${sql.json(source.refusedCalls ?? {})}, ${now}, ${now})
    on conflict (base_url, space_key) where status <> 'deleting' do nothing
    returning ${sourceColumns(sql)}`;
  if (row) return toSource(row);
  throw sourceExists(await findSourceOfSpace(sql, source.baseUrl, source.spaceKey));
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

/** Changes what is given, in one statement. Throws `UserError` 404 when the source does not exist (any more). */
export async function updateSource(
  sql: Sql,
  sourceId: string,
  changes: SourceChanges,
  now: Date,
): Promise<Source> {
  const columns = {
    ...(changes.title === undefined ? {} : { title: changes.title }),
    ...(changes.email === undefined ? {} : { email: changes.email }),
    ...(changes.encryptedToken === undefined ? {} : { encrypted_token: changes.encryptedToken }),
    ...(changes.accountId === undefined ? {} : { account_id: changes.accountId }),
    ...(changes.syncIntervalMinutes === undefined
      ? {}
      : { sync_interval_minutes: changes.syncIntervalMinutes }),
    ...(changes.status === undefined ? {} : { status: changes.status }),
    ...(changes.refusedCalls === undefined ? {} : { refused_calls: sql.json(changes.refusedCalls) }),
    updated_at: now,
  };
  const [row] = await sql<SourceRow[]>`
    update archon_sources s
    set ${sql(columns)}, metadata = s.metadata || ${sql.json(changes.metadata ?? {})}
    where s.source_id = ${sourceId} and s.status <> 'deleting'
    returning ${sourceColumns(sql)}`;
  if (!row) throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
  return toSource(row);
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

/** Sets the status; a source that is being deleted keeps its own. */
export async function setSourceStatus(
  sql: Sql,
  sourceId: string,
  status: Exclude<SourceStatus, "deleting">,
  now: Date,
): Promise<void> {
  await sql`
    update archon_sources set status = ${status}, updated_at = ${now}
    where source_id = ${sourceId} and status not in ('deleting', ${status})`;
}

/** Pauses requests for this source until `until`; a longer pause stays. */
export async function pauseSource(sql: Sql, sourceId: string, until: Date, now: Date): Promise<void> {
  await sql`
    update archon_sources set paused_until = greatest(paused_until, ${until}), updated_at = ${now}
    where source_id = ${sourceId} and status <> 'deleting'`;
}

/**
 * Every reader stops showing the source at once, its secret is deleted, its lease is free and its space can be added again; the rows
 * are removed in the background. False when the source does not exist (any more).
 */
export async function markSourceDeleting(sql: Sql, sourceId: string, now: Date): Promise<boolean> {
  const rows = await sql`
    update archon_sources
    set status = 'deleting', encrypted_token = null, email = null, lease_operation_id = null, lease_until = null,
      paused_until = null, updated_at = ${now}
    where source_id = ${sourceId} and status <> 'deleting'
    returning source_id`;
  return rows.length > 0;
}

export type SourceRow = Omit<Source, "metadata" | "refusedCalls"> & {
  metadata: unknown;
  refusedCalls: unknown;
};

/** Every column of `archon_sources s`, under the names of `Source`. */
export function sourceColumns(sql: Sql) {
  return sql`
    s.source_id as "sourceId", s.title, s.base_url as "baseUrl", s.web_base as "webBase", s.refused_calls as "refusedCalls", s.space_key as "spaceKey", s.space_id as "spaceId",
    s.space_name as "spaceName", s.account_id as "accountId", s.email, s.encrypted_token as "encryptedToken",
    s.sync_interval_minutes as "syncIntervalMinutes", s.search_language as "searchLanguage",
    s.embedding_model as "embeddingModel", s.metadata, s.status, s.lease_operation_id as "leaseOperationId",
    s.lease_until as "leaseUntil", s.paused_until as "pausedUntil", s.created_at as "createdAt", s.updated_at as "updatedAt"`;
}

/** A row as `sourceColumns` selects it, its metadata parsed. */
export function toSource(row: SourceRow): Source {
  return {
    ...row,
    metadata: sourceMetadata.parse(row.metadata),
    refusedCalls: refusedCalls.catch({}).parse(row.refusedCalls),
  };
}
