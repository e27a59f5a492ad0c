import { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import { listPlannedChanges, type PlannedChange } from "#shared/syncs/operations/planned-changes.ts";
import { cursorText, pageOf, readCursor } from "#functions/runtime/cursor.ts";

const position = z.tuple([cursorText, cursorText]);

/** One page of what an operation plans. Throws `UserError` 400 `invalid_cursor`. */
export async function plannedPage(
  sql: Sql,
  operationId: string,
  query: { limit: number; cursor?: string | undefined },
): Promise<{ rows: PlannedChange[]; nextCursor: string | null }> {
  const after = readCursor("planned-changes", position, query.cursor);
  const rows = await listPlannedChanges(sql, operationId, {
    after: after && { outcome: after[0], pageId: after[1] },
    limit: query.limit + 1,
  });
  return pageOf("planned-changes", rows, query.limit, (change) => [change.outcome, change.page_id]);
}
