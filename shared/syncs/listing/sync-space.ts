import { UserError } from "#shared/errors.ts";
import { requireSource } from "#shared/sources/sources.ts";
import type { SyncMode } from "#shared/syncs/operations/operation-types.ts";
import { startOperation, type Actor, type StartResult } from "#shared/syncs/operations/start-operation.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

/**
 * Starts a sync of the source's space and returns at once; queue messages do the listing and the pages. `spaceKey` must be the
 * source's own, so that a mix-up of sources is noticed (UserError 422 `wrong_space`).
 */
export async function syncSpace(
  sourceId: string,
  spaceKey: string,
  options: { mode?: SyncMode; dryRun?: boolean; actor: Actor },
  services: SyncServices,
): Promise<StartResult> {
  const source = await requireSource(services.sql, sourceId);
  if (source.spaceKey !== spaceKey) {
    throw new UserError(
      422,
      "wrong_space",
      `Source ${sourceId} syncs space ${source.spaceKey}, not ${spaceKey}`,
    );
  }
  return startOperation({ type: "confluence_sync", sourceId, ...options }, services);
}
