import { findableSeconds } from "#shared/sources/findable-edits.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { findHeldCheck } from "#shared/syncs/operations/held-deletions.ts";
import { latestProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { getStatus, listHeldDeletions } from "#functions/api/contract/operations.ts";
import { operationJson, pollHeaders } from "./responses/operation-json.ts";
import { plannedPage } from "./use-cases/planned-page.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/confluence/{source_id}/status, and the deletions that wait for a person. */
export const handler = httpHandler(
  route(getStatus)([database], async ({ params }, { sql }) => {
    const source = await requireSource(sql, params.source_id);
    const progress = await latestProgress(sql, source.sourceId);
    return {
      status: 200,
      headers: pollHeaders(progress),
      body: progress
        ? {
            ...operationJson(progress),
            findable_seconds: await findableSeconds(sql, { sourceId: source.sourceId }),
          }
        : { source_id: source.sourceId, operation_id: null, status: "never_synced" },
    };
  }),
  route(listHeldDeletions)([database], async ({ params, query }, { sql }) => {
    const source = await requireSource(sql, params.source_id);
    const held = await findHeldCheck(sql, source.sourceId);
    const page = held ? await plannedPage(sql, held.operationId, query) : { rows: [], nextCursor: null };
    return {
      status: 200,
      body: {
        source_id: source.sourceId,
        operation_id: held?.operationId ?? null,
        held_at: held?.heldAt.toISOString() ?? null,
        held_deletions: page.rows,
        held_comments: held?.comments ?? 0,
        next_cursor: page.nextCursor,
      },
    };
  }),
);
