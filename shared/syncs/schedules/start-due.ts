import type { Sql } from "#shared/db/connect.ts";
import { listDueSources, UNAVAILABLE_RETRY_HOURS } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { CHECK_INTERVAL_MS } from "./weekly-check.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";

const UNAVAILABLE_RETRY_MS = UNAVAILABLE_RETRY_HOURS * 60 * 60_000;

/** Starts a sync for each source whose interval has passed; returns how many. An error of one source does not stop the others. */
export async function startDueSyncs(services: SyncServices): Promise<number> {
  let started = 0;
  const errors: unknown[] = [];
  for (const source of await listDueSources(services.sql, services.now())) {
    try {
      const result = await syncSpace(source.sourceId, source.spaceKey, { actor: "schedule" }, services);
      if (result.started) started += 1;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `${errors.length} scheduled syncs could not be started`);
  return started;
}

/** Starts a check for each source whose weekly check is due at `tick`; returns how many. A busy source is due again tomorrow. */
export async function startDueChecks(tick: Date, services: SyncServices): Promise<number> {
  let started = 0;
  for (const sourceId of await sourcesDueForCheck(services.sql, tick)) {
    const request = { type: "deletion_check", sourceId, actor: "schedule", tick } as const;
    const result = await startOperation(request, services);
    if (result.started) started += 1;
  }
  return started;
}

/** Sources with the weekly strategy that were synced at least once and whose last check was for a tick at least a week ago. */
async function sourcesDueForCheck(sql: Sql, tick: Date): Promise<string[]> {
  const rows = await sql<{ source_id: string }[]>`
    select source_id from archon_sources s join confluence_sites c using (site_id)
    where c.status = 'active'
      and (s.status = 'active' or (s.status = 'space_unavailable' and s.updated_at <= ${later(tick, -UNAVAILABLE_RETRY_MS)}))
      and coalesce(metadata ->> 'deletion_strategy', 'weekly_reconciliation') = 'weekly_reconciliation'
      and metadata ->> 'sync_metrics' is not null
      and (metadata ->> 'last_deletion_check' is null
        or (metadata ->> 'last_deletion_check')::timestamptz <= ${later(tick, -CHECK_INTERVAL_MS)})
    order by source_id`;
  return rows.map((row) => row.source_id);
}
