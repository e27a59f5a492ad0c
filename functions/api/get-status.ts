import { requireSource } from "#shared/sources/sources.ts";
import { latestProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { getStatus } from "#functions/api/contract/operations.ts";
import { operationJson, pollHeaders } from "./responses/operation-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/confluence/{source_id}/status */
export const handler = httpHandler(
  route(getStatus)([database], async ({ params }, { sql }) => {
    const source = await requireSource(sql, params.source_id);
    const progress = await latestProgress(sql, source.sourceId);
    return {
      status: 200,
      headers: pollHeaders(progress),
      body: progress
        ? operationJson(progress)
        : { source_id: source.sourceId, operation_id: null, status: "never_synced" },
    };
  }),
);
