import { refreshKnowledgeItem } from "./contract/archon-knowledge.ts";
import { syncPage, triggerSync } from "#functions/api/contract/operations.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import { startRequested } from "./use-cases/start-operation.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";

/** POST /api/confluence/{source_id}/sync, the same for clients of the knowledge endpoints, and for one page. */
export const handler = httpHandler(
  route(triggerSync)([database, taskQueue], async ({ params, body, resourceId }, services) => {
    const operationId = await startRequested(
      {
        type: "confluence_sync",
        sourceId: params.source_id,
        operationId: resourceId,
        mode: body.mode,
        dryRun: body.dry_run,
      },
      services,
    );
    return {
      status: 202,
      headers: { location: `/api/progress/${operationId}` },
      body: { operation_id: operationId },
    };
  }),
  route(refreshKnowledgeItem)([database, taskQueue], async ({ params, resourceId }, services) => {
    const operationId = await startRequested(
      { type: "confluence_sync", sourceId: params.source_id, operationId: resourceId },
      services,
    );
    return {
      status: 200,
      body: { success: true, progressId: operationId, message: "The sync has been started" },
    };
  }),
  route(syncPage)([database, taskQueue], async ({ params, resourceId }, services) => {
    const { source_id: sourceId, page_id: pageId } = params;
    await requireSource(services.sql, sourceId);
    // First, so that the page has its turn also when another operation runs now.
    const now = services.now();
    await addHints(services.sql, [{ sourceId, pageId }], { reason: "api", atOnce: true, now });
    const operationId = await startRequested(
      { type: "page_sync", sourceId, operationId: resourceId },
      services,
    );
    return {
      status: 202,
      headers: { location: `/api/progress/${operationId}` },
      body: { operation_id: operationId },
    };
  }),
);
