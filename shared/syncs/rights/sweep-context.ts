import type { ClaimedSweep, SweepCheckpoint } from "#shared/access/sweeps/sweep-rows.ts";
import { saveSweep } from "#shared/access/sweeps/sweep-rows.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import type { SiteReads } from "./site-reads.ts";

/** Pages that one step has rendered again: more than a source's hints may wait for. */
const MAX_HINTED = 1000;

/** Pages that nobody sees because the rights of what they show changed are asked for within a minute, and rendered again. */
export async function hintHidden(tx: Sql, sourceId: string, now: Date): Promise<void> {
  const rows = await tx<{ pageId: string }[]>`
    select r.page_id as "pageId" from page_renderings r
    where r.source_id = ${sourceId} and r.shows_gone and r.refresh_after <= ${now}
      and exists (select from confluence_pages p where p.source_id = r.source_id and p.page_id = r.page_id and is_findable(p))
      -- Without a node nobody sees it, and nothing may be shown in it: the end of the sweep gives it one.
      and not exists (select from content_access c where c.source_id = r.source_id and c.content_id = r.page_id and c.node_id is null)
      and not exists (select from page_hints h where h.source_id = r.source_id and h.page_id = r.page_id)
      and not exists (select from sync_work w where w.source_id = r.source_id and w.page_id = r.page_id and w.state = 'pending')
    order by r.page_id limit ${MAX_HINTED}`;
  const pages = rows.map(({ pageId }) => ({ sourceId, pageId }));
  await addHints(tx, pages, { reason: "shows_gone", atOnce: true, now });
}

/** The sweep ended without a proof that it read everything: it begins again. */
export const INCOMPLETE_SWEEP = "incomplete_sweep";

/** One step of the sweep of a source. */
export type SweepContext = {
  sweep: ClaimedSweep;
  source: Source;
  client: ConfluenceClient;
  site: SiteReads;
  services: Pick<SyncServices, "sql" | "log" | "now">;
  /** Calls of `client` that are in the checkpoint. */
  callsCounted: number;
};

/** Calls of the sweep so far. */
export function callsOf({ sweep, client, callsCounted }: SweepContext): number {
  return sweep.checkpoint.calls + client.callsMade() - callsCounted;
}

/** Saves the step together with what it read; `null` from `write` is nothing. */
export async function saveSweepStep(
  context: SweepContext,
  next: Partial<SweepCheckpoint>,
  write: (tx: Sql) => Promise<void> = async () => {},
): Promise<void> {
  const { sweep, client, services } = context;
  const made = client.callsMade();
  const checkpoint = { ...sweep.checkpoint, ...next, calls: callsOf(context) };
  const saved = await transaction(services.sql, async (tx) => {
    await write(tx);
    await hintHidden(tx, sweep.sourceId, services.now());
    return saveSweep(tx, sweep, checkpoint, services.now());
  });
  context.callsCounted = made;
  context.sweep = saved;
}
