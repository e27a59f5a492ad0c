import { UserError } from "#shared/errors.ts";
import { readProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { getProgress, listPlannedChanges } from "#functions/api/contract/progress.ts";
import { pollHeaders, progressJson } from "./responses/operation-json.ts";
import { plannedPage } from "./use-cases/planned-page.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/progress/{operation_id}, and what the operation plans to do. */
export const handler = httpHandler(
  route(getProgress)([database], async ({ params }, { sql }) => {
    const progress = await readProgress(sql, params.operation_id);
    if (!progress) throw notFound(params.operation_id);
    return { status: 200, headers: pollHeaders(progress), body: progressJson(progress) };
  }),
  route(listPlannedChanges)([database], async ({ params, query }, { sql }) => {
    const { operation_id } = params;
    if (!(await readProgress(sql, operation_id))) throw notFound(operation_id);
    const { rows, nextCursor } = await plannedPage(sql, operation_id, query);
    return { status: 200, body: { operation_id, planned_changes: rows, next_cursor: nextCursor } };
  }),
);

function notFound(operationId: string): UserError {
  return new UserError(404, "operation_not_found", `Operation ${operationId} not found`);
}
