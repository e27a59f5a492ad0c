import { UserError } from "#shared/errors.ts";
import { getSource } from "#shared/sources/sources.ts";
import { readProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { getProgress } from "#functions/api/contract/operations.ts";
import { operationJson, pollHeaders } from "./responses/operation-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/progress/{operation_id} */
export const handler = httpHandler(
  route(getProgress)([database], async ({ params }, { sql }) => {
    const progress = await readProgress(sql, params.operation_id);
    const source = progress && (await getSource(sql, progress.source_id));
    // Nothing shows a source that is being deleted.
    if (!progress || !source || source.status === "deleting") {
      throw new UserError(404, "operation_not_found", `Operation ${params.operation_id} not found`);
    }
    return { status: 200, headers: pollHeaders(progress), body: operationJson(progress) };
  }),
);
