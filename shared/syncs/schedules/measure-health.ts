import type { Sql } from "#shared/db/connect.ts";

/** The health of the service, as figures that alarms watch. Snake case: they are log fields and metric names. */
export type Health = {
  /** Scheduled sources without a successful sync for `OVERDUE_INTERVALS` of their intervals. */
  overdue_sources: number;
  /** The oldest watermark of a scheduled source: how far the index lags Confluence at worst. */
  max_lag_seconds: number;
  expired_sources: number;
  unavailable_sources: number;
  held_sources: number;
  failed_pages: number;
  open_pages: number;
  oldest_unsent_event_seconds: number;
};

/** One missed sync is a rate limit or a restart; three in a row are an outage. */
export const OVERDUE_INTERVALS = 3;
/** A first sync of a large space takes hours, and an interval of one minute is no guarantee. */
const OVERDUE_GRACE_MINUTES = 60;

/** Measures sources, pages, work and outbox as of `now`; reads only. */
export async function measureHealth(sql: Sql, now: Date): Promise<Health> {
  const [row] = await sql<Health[]>`
    with scheduled as (
      select extract(epoch from ${now}::timestamptz - coalesce((metadata ->> 'last_sync_timestamp')::timestamptz, s.created_at)) as lag,
        (sync_interval_minutes * ${OVERDUE_INTERVALS}::int + ${OVERDUE_GRACE_MINUTES}::int) * 60 as allowed
      from archon_sources s join confluence_sites c using (site_id)
      where c.status = 'active' and s.status in ('active', 'space_unavailable') and sync_interval_minutes is not null
    )
    select
      (select count(*)::int from scheduled where lag > allowed) as overdue_sources,
      (select coalesce(max(lag), 0)::float8 from scheduled) as max_lag_seconds,
      (select count(*)::int from archon_sources s join confluence_sites c using (site_id)
        where s.status <> 'deleting' and 'credentials_expired' in (s.status, c.status)) as expired_sources,
      (select count(*)::int from archon_sources where status = 'space_unavailable') as unavailable_sources,
      (select count(*)::int from archon_sources
        where status <> 'deleting' and jsonb_typeof(metadata -> 'deletions_held') = 'object') as held_sources,
      (select count(*)::int from confluence_pages p join archon_sources s using (source_id)
        where p.sync_error is not null and not p.is_deleted and s.status <> 'deleting') as failed_pages,
      (select count(*)::int from sync_work where state = 'pending') as open_pages,
      (select coalesce(extract(epoch from ${now}::timestamptz - min(created_at)), 0)::float8
        from event_outbox where sent_at is null) as oldest_unsent_event_seconds`;
  if (!row) throw new Error("A query of aggregates returns one row");
  return row;
}
