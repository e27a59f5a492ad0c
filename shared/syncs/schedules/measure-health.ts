import type { Sql } from "#shared/db/connect.ts";
import { SILENT_AFTER_MISSED } from "#shared/hooks/hooks.ts";
import { findableEdits, percentiles } from "#shared/sources/findable-edits.ts";
import { later } from "#shared/syncs/later.ts";
import { pulsedSources } from "#shared/syncs/pulse/pulsed-sites.ts";
import { CHECK_INTERVAL_MS } from "./weekly-check.ts";

const HOUR_MS = 60 * 60_000;

/** The health of the service, as figures that alarms watch. Snake case: they are log fields and metric names. */
export type Health = {
  /** Scheduled sources without a successful sync for `OVERDUE_INTERVALS` of their intervals. */
  overdue_sources: number;
  /** The oldest watermark of a scheduled source: how far the index lags Confluence at worst. */
  max_lag_seconds: number;
  expired_sources: number;
  unavailable_sources: number;
  held_sources: number;
  /** Sources with the weekly strategy whose last complete deletion check is CHECK_OVERDUE_DAYS older than a week. */
  overdue_checks: number;
  failed_pages: number;
  open_pages: number;
  oldest_unsent_event_seconds: number;
  /** Sites with a pulse of which none was complete for PULSE_OVERDUE_MINUTES. */
  overdue_pulses: number;
  /** Hooks whose site is synced and that announced none of the last SILENT_AFTER_MISSED edits that syncs found. */
  silent_hooks: number;
  /** Sources that carry over rights and whose rights were not read completely for SWEEP_OVERDUE_MINUTES. */
  overdue_sweeps: number;
  /** Those of them that show nothing, because what was read is too old. */
  withheld_sources: number;
  /** Sites with searches for one person whose directory was not read for DIRECTORY_OVERDUE_MINUTES. */
  stale_directories: number;
  /** Sites whose API token ends within EXPIRING_DAYS. */
  expiring_tokens: number;
  /** From an edit in Confluence to the moment that search finds it: of the last hour, in spaces that a pulse watches; 0 without edits. */
  findable_p50_seconds: number;
  findable_p95_seconds: number;
  findable_max_seconds: number;
};

/** One missed sync is a rate limit or a restart; three in a row are an outage. */
export const OVERDUE_INTERVALS = 3;
/** A first sync of a large space takes hours, and an interval of one minute is no guarantee. */
const OVERDUE_GRACE_MINUTES = 60;

/** A check starts at the daily tick after it is due, or when the operation that ran then has ended; one that fails has its turn a day later. */
const CHECK_OVERDUE_DAYS = 2;

/** The second of the warnings before a token's end (shared/sites/token-expiry.ts): now somebody must act. */
const EXPIRING_DAYS = 14;

/** Pulses are made each minute; one that fails is tried again within a quarter of an hour. */
const PULSE_OVERDUE_MINUTES = 20;

/** Three sweeps that fail are an outage. What a sweep read is as old as its start when the next one begins. */
const OVERDUE_SWEEPS = 4;
/** A directory is read every five minutes; membership is promised to be ten minutes old at most. */
const DIRECTORY_OVERDUE_MINUTES = 20;

/**
 * Measures sources, pages, work and outbox as of `now`; reads only. `rightsMaxAgeMs`: what was read of rights before that grants nothing;
 * `sweepMinutes`: how often it is read.
 */
export async function measureHealth(
  sql: Sql,
  now: Date,
  { rightsMaxAgeMs, sweepMinutes }: { rightsMaxAgeMs: number; sweepMinutes: number },
): Promise<Health> {
  const [row] = await sql<Health[]>`
    with scheduled as (
      select extract(epoch from ${now}::timestamptz - coalesce((metadata ->> 'last_sync_timestamp')::timestamptz, s.created_at)) as lag,
        (sync_interval_minutes * ${OVERDUE_INTERVALS}::int + ${OVERDUE_GRACE_MINUTES}::int) * 60 as allowed
      from archon_sources s join confluence_sites c using (site_id)
      where c.status = 'active' and s.status in ('active', 'space_unavailable') and sync_interval_minutes is not null
    ),
    pulsed as (
      select s.source_id, s.site_id, c.last_pulse_at, c.created_at from archon_sources s join confluence_sites c using (site_id)
      where c.pulse and c.status = 'active' and ${pulsedSources(sql)}
    ),
    guarded as (
      select s.site_id, s.access, coalesce(s.access_verified_at, s.created_at) as verified_at, c.created_at, c.directory_verified_at
      from archon_sources s join confluence_sites c using (site_id)
      where s.access <> 'everything' and s.status <> 'deleting' and c.status <> 'deleting'
    ),
    edits as (
      ${findableEdits(sql)}
      where s.source_id in (select source_id from pulsed) and p.last_synced_at > ${later(now, -HOUR_MS)}
    ),
    findable as (${percentiles(sql)})
    select
      (select count(*)::int from scheduled where lag > allowed) as overdue_sources,
      (select coalesce(max(lag), 0)::float8 from scheduled) as max_lag_seconds,
      (select count(*)::int from archon_sources s join confluence_sites c using (site_id)
        where s.status <> 'deleting' and 'credentials_expired' in (s.status, c.status)) as expired_sources,
      (select count(*)::int from archon_sources where status = 'space_unavailable') as unavailable_sources,
      (select count(*)::int from archon_sources
        where status <> 'deleting' and jsonb_typeof(metadata -> 'deletions_held') = 'object') as held_sources,
      (select count(*)::int from archon_sources s join confluence_sites c using (site_id)
        where c.status = 'active' and s.status = 'active'
          and coalesce(s.metadata ->> 'deletion_strategy', 'weekly_reconciliation') = 'weekly_reconciliation'
          and s.metadata ->> 'sync_metrics' is not null
          and coalesce((s.metadata ->> 'last_deletion_check')::timestamptz, s.created_at)
            < ${later(now, -CHECK_INTERVAL_MS - CHECK_OVERDUE_DAYS * 24 * HOUR_MS)}) as overdue_checks,
      (select count(*)::int from confluence_pages p join archon_sources s using (source_id)
        where p.sync_error is not null and not p.is_deleted and s.status <> 'deleting') as failed_pages,
      (select count(*)::int from sync_work where state = 'pending') as open_pages,
      (select coalesce(extract(epoch from ${now}::timestamptz - min(created_at)), 0)::float8
        from event_outbox where sent_at is null) as oldest_unsent_event_seconds,
      (select count(distinct site_id)::int from pulsed
        where coalesce(last_pulse_at, created_at) < ${later(now, -PULSE_OVERDUE_MINUTES * 60_000)}) as overdue_pulses,
      (select count(*)::int from guarded
        where verified_at < ${later(now, -OVERDUE_SWEEPS * sweepMinutes * 60_000)}) as overdue_sweeps,
      (select count(*)::int from guarded where verified_at < ${later(now, -rightsMaxAgeMs)}) as withheld_sources,
      (select count(distinct site_id)::int from guarded
        where access = 'per_user' and coalesce(directory_verified_at, created_at) < ${later(now, -DIRECTORY_OVERDUE_MINUTES * 60_000)}
      ) as stale_directories,
      (select count(*)::int from confluence_sites
        where status <> 'deleting' and token_expires_at < ${later(now, EXPIRING_DAYS * 24 * HOUR_MS)}) as expiring_tokens,
      (select count(*)::int from confluence_hooks h join confluence_sites c using (site_id)
        where c.status = 'active' and h.missed_since_delivery >= ${SILENT_AFTER_MISSED}::int) as silent_hooks,
      (select coalesce(seconds[1], 0) from findable) as findable_p50_seconds,
      (select coalesce(seconds[2], 0) from findable) as findable_p95_seconds,
      (select coalesce(seconds[3], 0) from findable) as findable_max_seconds`;
  if (!row) throw new Error("A query of aggregates returns one row");
  return row;
}
