import { rejectDeletions } from "#shared/syncs/operations/reject-deletions.ts";
import { requireSource } from "#shared/sources/sources.ts";
import {
  approveDeletions,
  checkDeletions,
  rejectDeletions as rejectContract,
} from "#functions/api/contract/operations.ts";
import { startRequested } from "./use-cases/start-operation.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";

/**
 * POST /api/confluence/{source_id}/deletion-check: starts a check; the worker functions/sync/reconcile-deletions.ts runs it, and what
 * is approved of a held one.
 */
export const handler = httpHandler(
  route(checkDeletions)([database, taskQueue], async ({ params, body, resourceId }, services) =>
    accepted(
      await startRequested(
        {
          type: "deletion_check",
          sourceId: params.source_id,
          operationId: resourceId,
          dryRun: body.dry_run,
          force: body.force,
        },
        services,
      ),
    ),
  ),
  route(approveDeletions)([database, taskQueue], async ({ params, body, resourceId }, services) =>
    accepted(
      await startRequested(
        {
          type: "approved_deletions",
          sourceId: params.source_id,
          operationId: resourceId,
          approval: { heldOperationId: body.operation_id, pageIds: body.page_ids ?? null },
        },
        services,
      ),
    ),
  ),
  route(rejectContract)([database], async ({ params, body }, { sql, now }) => {
    const source = await requireSource(sql, params.source_id);
    const result = await rejectDeletions(sql, {
      sourceId: source.sourceId,
      operationId: body.operation_id,
      pageIds: body.page_ids ?? null,
      actor: "api",
      now: now(),
    });
    return { status: 200, body: result };
  }),
);

function accepted(operationId: string) {
  return {
    status: 202 as const,
    headers: { location: `/api/progress/${operationId}` },
    body: { operation_id: operationId },
  };
}
