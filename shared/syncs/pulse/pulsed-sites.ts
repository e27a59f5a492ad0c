import { CONTENT_KINDS, type ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage } from "#shared/errors.ts";
import { later } from "#shared/syncs/later.ts";
import type { Site } from "#shared/sites/site.ts";
import { syncsKind } from "#shared/sources/syncs-kind.ts";

/** A site whose turn it is. */
export type PulsedSite = Pick<
  Site,
  "siteId" | "apiBase" | "accountId" | "email" | "clientId" | "encryptedSecret" | "secretBoundTo"
> & {
  /** When its last complete pulse began, by Confluence's clock; null before the first. */
  pulseSince: Date | null;
  /** The kinds of content that its sources sync. */
  kinds: ContentKind[];
  /** Pulses that failed since. */
  failures: number;
};

/** Less than the schedule's minute, so that a tick that comes early is no minute without a pulse, and one that is repeated no second pulse. */
const MIN_INTERVAL_MS = 30_000;
/** The longest wait after a pulse that failed; the first is a minute. */
const MAX_RETRY_MS = 15 * 60_000;

/**
 * Selects the sources `s` that a pulse may start: with an interval, and after their first sync, which has rules of its own. One whose space
 * was unavailable too: a hit in it proves that the space is visible again.
 */
export function pulsedSources(sql: Sql) {
  return sql`s.status in ('active', 'space_unavailable') and s.sync_interval_minutes is not null
    and s.metadata ->> 'last_sync_timestamp' is not null`;
}

/**
 * Selects the sources `s` whose hits are kept: besides those that a pulse may start, those whose first sync runs, which may have listed a
 * page before it was edited. A first sync that starts later lists it anew.
 */
export function heardSources(sql: Sql) {
  return sql`(${pulsedSources(sql)} or s.status = 'active' and s.sync_interval_minutes is not null and exists (
    select from archon_progress o
    where o.operation_id = s.lease_operation_id and o.operation_type = 'confluence_sync' and not o.dry_run))`;
}

function isDue(sql: Sql, now: Date) {
  return sql`c.pulse and c.status = 'active' and (c.paused_until is null or c.paused_until <= ${now})
    and (c.pulse_tried_at is null or c.pulse_tried_at <= ${later(now, -MIN_INTERVAL_MS)})
    and (c.pulse_error is null or (c.pulse_error ->> 'retry_at')::timestamptz <= ${now})
    and exists (select from archon_sources s where s.site_id = c.site_id and ${heardSources(sql)})`;
}

/** Ids of the sites that are due for a pulse, longest waiting first. */
export async function sitesToPulse(sql: Sql, now: Date): Promise<string[]> {
  const rows = await sql<{ site_id: string }[]>`
    select c.site_id from confluence_sites c where ${isDue(sql, now)}
    order by c.pulse_tried_at nulls first, c.site_id`;
  return rows.map((row) => row.site_id);
}

/** The site, from now on in its turn; null if it is not due any more: paused, deleted, or pulsed by another invocation. */
export async function claimPulse(sql: Sql, siteId: string, now: Date): Promise<PulsedSite | null> {
  const [site] = await sql<PulsedSite[]>`
    update confluence_sites c set pulse_tried_at = ${now} where c.site_id = ${siteId} and ${isDue(sql, now)}
    returning c.site_id as "siteId", c.api_base as "apiBase", c.email, c.client_id as "clientId", c.encrypted_secret as "encryptedSecret",
      c.secret_bound_to as "secretBoundTo", c.account_id as "accountId", c.pulse_since as "pulseSince",
      array(select kind from unnest(${[...CONTENT_KINDS]}::text[]) kind where exists (
        select from archon_sources s where s.site_id = c.site_id and ${heardSources(sql)} and ${syncsKind(sql, sql`kind`)})) as kinds,
      coalesce((c.pulse_error ->> 'failures')::int, 0) as failures`;
  return site ?? null;
}

/** Records a complete pulse that began at `startedAt` by Confluence's clock. */
export async function recordPulse(
  sql: Sql,
  siteId: string,
  { startedAt, now }: { startedAt: Date; now: Date },
): Promise<void> {
  await sql`
    update confluence_sites
    set pulse_since = greatest(pulse_since, ${startedAt}), last_pulse_at = ${now}, pulse_error = null
    where site_id = ${siteId}`;
}

/** Records why a pulse failed: what it looks back to stays, and it is tried again after a minute, doubled at each failure. */
export async function recordFailedPulse(
  sql: Sql,
  { siteId, failures }: PulsedSite,
  error: unknown,
  now: Date,
): Promise<void> {
  const waitMs = Math.min(MAX_RETRY_MS, 60_000 * 2 ** failures);
  await sql`
    update confluence_sites c set pulse_error = jsonb_build_object(
      'code', ${errorCode(error)}::text, 'message', ${errorMessage(error)}::text, 'at', ${now.toISOString()}::text,
      'since', coalesce(c.pulse_error ->> 'since', ${now.toISOString()}::text), 'failures', ${failures + 1}::int,
      'retry_at', ${later(now, waitMs - MIN_INTERVAL_MS).toISOString()}::text)
    where site_id = ${siteId}`;
}
