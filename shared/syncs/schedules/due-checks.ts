import type { Sql } from "#shared/db/connect.ts";
import { UNAVAILABLE_RETRY_HOURS } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import type { StartRequest } from "#shared/syncs/operations/start-operation.ts";
import { CHECK_INTERVAL_MS } from "./weekly-check.ts";

const HOUR_MS = 60 * 60_000;
const UNAVAILABLE_RETRY_MS = UNAVAILABLE_RETRY_HOURS * HOUR_MS;
/** Between the end of a check and one that is wanted: neither storms nor a check that fails may keep a source from its syncs. */
const WANTED_PAUSE_MS = HOUR_MS;
/** Of all sources at once; the others follow with the next minute. */
const MAX_STARTED = 500;

/**
 * The scheduled checks that may start now, for sources that no operation holds (all, or these): those that are wanted, and the weekly
 * ones of sources that were synced at least once and whose last check was for a tick at least a week before `tick`; of those without
 * one, that were made before it. A weekly check that was started since the tick and failed is due again at the next tick. The actor of
 * those that are only wanted is `hook`.
 */
export async function dueChecks(
  sql: Sql,
  options: { sourceIds?: readonly string[]; tick: Date; now: Date },
): Promise<StartRequest[]> {
  const { sourceIds, tick, now } = options;
  const isWeekly = sql`(coalesce(s.metadata ->> 'deletion_strategy', 'weekly_reconciliation') = 'weekly_reconciliation'
    and case when s.metadata ->> 'last_deletion_check' is null then s.created_at <= ${tick}
      else (s.metadata ->> 'last_deletion_check')::timestamptz <= ${later(tick, -CHECK_INTERVAL_MS)} end
    and (last.started is null or last.started < ${tick}))`;
  const rows = await sql<{ source_id: string; is_weekly: boolean }[]>`
    select s.source_id, ${isWeekly} as is_weekly from archon_sources s join confluence_sites c using (site_id)
    cross join lateral (
      select max(p.created_at) filter (where p.actor <> 'hook') as started, max(coalesce(p.finished_at, p.created_at)) as ended
      from archon_progress p
      where p.source_id = s.source_id and p.operation_type = 'deletion_check' and not p.dry_run) last
    where c.status = 'active' and (s.lease_until is null or s.lease_until <= ${now})
      ${sourceIds ? sql`and s.source_id = any(${sourceIds as string[]})` : sql``}
      and (s.status = 'active' or (s.status = 'space_unavailable' and s.updated_at <= ${later(tick, -UNAVAILABLE_RETRY_MS)}))
      and s.metadata ->> 'sync_metrics' is not null
      and (${isWeekly} or ((s.metadata ->> 'check_wanted_since') is not null
        and (last.ended is null or last.ended <= ${later(now, -WANTED_PAUSE_MS)})))
    order by s.source_id limit ${MAX_STARTED}`;
  return rows.map(({ source_id: sourceId, is_weekly }) => ({
    type: "deletion_check",
    sourceId,
    ...(is_weekly ? { actor: "schedule", tick } : { actor: "hook" }),
  }));
}
