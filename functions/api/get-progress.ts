import { UserError } from "#shared/errors.ts";
import { readProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { getProgress } from "#functions/api/contract/progress.ts";
import { pollHeaders, progressJson } from "./responses/operation-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/progress/{operation_id} */
export const handler = httpHandler(
  route(getProgress)([database], async ({ params }, { sql }) => {
    const progress = await readProgress(sql, params.operation_id);
    if (!progress) {
      throw new UserError(404, "operation_not_found", `Operation ${params.operation_id} not found`);
    }
    return { status: 200, headers: pollHeaders(progress), body: progressJson(progress) };
  }),
);
