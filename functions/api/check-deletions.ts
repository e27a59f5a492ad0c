import { checkDeletions } from "#functions/api/contract/operations.ts";
import { startRequested } from "./use-cases/start-operation.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";

/** POST /api/confluence/{source_id}/deletion-check: starts a check; the worker functions/sync/reconcile-deletions.ts runs it. */
export const handler = httpHandler(
  route(checkDeletions)([database, taskQueue], async ({ params, body, resourceId }, services) => {
    const operationId = await startRequested(
      {
        type: "deletion_check",
        sourceId: params.source_id,
        operationId: resourceId,
        dryRun: body.dry_run,
        force: body.force,
      },
      services,
    );
    return {
      status: 202,
      headers: { location: `/api/progress/${operationId}` },
      body: { operation_id: operationId },
    };
  }),
);
