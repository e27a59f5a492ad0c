import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { listChanges as readChanges, type Change } from "#shared/syncs/operations/changes.ts";
import { readProgress } from "#shared/syncs/operations/progress-tracker.ts";
import {
  getProgress,
  listChanges,
  listPlannedChanges,
  type changeSchema,
} from "#functions/api/contract/progress.ts";
import { pollHeaders, progressJson } from "./responses/operation-json.ts";
import { plannedPage } from "./use-cases/planned-page.ts";
import { cursorText, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([cursorText]);

/** GET /api/progress/{operation_id}, what the operation changed, and what the operation plans to do. */
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
  route(listChanges)([database], async ({ params, query }, { sql }) => {
    const { operation_id } = params;
    if (!(await readProgress(sql, operation_id))) throw notFound(operation_id);
    const { cursor, limit, ...filter } = query;
    const after = readCursor("changes", position, cursor)?.[0] ?? null;
    const rows = await readChanges(sql, operation_id, { ...filter, after, limit: limit + 1 });
    const page = pageOf("changes", rows, limit, (change) => [change.pageId]);
    return {
      status: 200,
      body: { operation_id, changes: page.rows.map(changeJson), next_cursor: page.nextCursor },
    };
  }),
);

function changeJson(change: Change): z.input<typeof changeSchema> {
  return {
    page_id: change.pageId,
    kind: change.kind,
    title: change.title,
    url: change.url,
    outcome: change.outcome,
    reason: change.reason,
    error: change.error,
    chunks_added: change.chunksAdded,
    chunks_kept: change.chunksKept,
    chunks_removed: change.chunksRemoved,
    embeddings_created: change.embeddingsCreated,
    at: change.at.toISOString(),
  };
}

function notFound(operationId: string): UserError {
  return new UserError(404, "operation_not_found", `Operation ${operationId} not found`);
}
