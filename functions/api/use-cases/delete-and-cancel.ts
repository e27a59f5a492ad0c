import { UserError } from "#shared/errors.ts";
import { excludeSpaceOf } from "#shared/sites/exclude-space.ts";
import { markSourceDeleting } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import type { Services } from "#functions/runtime/services.ts";

/**
 * Cancels what runs and marks the source as being deleted; the sweeper removes its rows. Its space is excluded from its site's rule.
 * Throws `UserError` 404.
 */
export async function deleteAndCancel(
  sourceId: string,
  services: Pick<Services, "sql" | "now" | "log">,
): Promise<void> {
  const now = services.now();
  await cancelOperation(services.sql, { sourceId, now, actor: "api" });
  await excludeSpaceOf(services.sql, sourceId, now);
  if (!(await markSourceDeleting(services.sql, sourceId, now))) {
    throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
  }
  services.log.info("source.deleted", { source_id: sourceId });
}
