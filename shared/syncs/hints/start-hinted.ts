import { transaction } from "#shared/db/connect.ts";
import { announceOperation } from "#shared/syncs/operations/start-operation.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { hintedRequests, insertHinted } from "./hinted-requests.ts";

/**
 * Starts operations for sources with hints (of all, or of these), at most `limit`; returns how many. Those that another operation
 * holds have their turn when it ends.
 */
export async function startHinted(
  services: Pick<SyncServices, "sql" | "queue" | "log" | "now" | "newId">,
  options: { sourceIds?: readonly string[]; limit: number },
): Promise<number> {
  let started = 0;
  for (const request of await hintedRequests(services.sql, { ...options, now: services.now() })) {
    const ids = { operationId: services.newId(), now: services.now() };
    const inserted = await transaction(services.sql, (tx) => insertHinted(tx, request, ids));
    await announceOperation(request, inserted, services);
    if (inserted.started) started += 1;
  }
  return started;
}
