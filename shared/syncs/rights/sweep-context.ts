import type { ClaimedSweep, SweepCheckpoint } from "#shared/access/sweeps/sweep-rows.ts";
import { saveSweep } from "#shared/access/sweeps/sweep-rows.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

/** One step of the sweep of a source. */
export type SweepContext = {
  sweep: ClaimedSweep;
  source: Source;
  client: ConfluenceClient;
  services: Pick<SyncServices, "sql" | "log" | "now">;
  /** Calls of `client` that are in the checkpoint. */
  callsCounted: number;
};

/** Saves the step together with what it read; `null` from `write` is nothing. */
export async function saveSweepStep(
  context: SweepContext,
  next: Partial<SweepCheckpoint>,
  write: (tx: Sql) => Promise<void> = async () => {},
): Promise<void> {
  const { sweep, client, services } = context;
  const calls = client.callsMade() - context.callsCounted;
  const checkpoint = { ...sweep.checkpoint, ...next, calls: sweep.checkpoint.calls + calls };
  const saved = await transaction(services.sql, async (tx) => {
    await write(tx);
    return saveSweep(tx, sweep, checkpoint, services.now());
  });
  context.callsCounted += calls;
  context.sweep = saved;
}
