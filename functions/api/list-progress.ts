import { z } from "zod";
import { listProgress as readOperations } from "#shared/syncs/operations/progress-tracker.ts";
import { listProgress } from "#functions/api/contract/operations.ts";
import { operationJson } from "./responses/operation-json.ts";
import { pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** GET /api/progress */
export const handler = httpHandler(
  route(listProgress)([database], async ({ query }, { sql }) => {
    const after = readCursor("progress", position, query.cursor);
    const rows = await readOperations(sql, {
      ...(query.source_id === undefined ? {} : { sourceId: query.source_id }),
      ...(query.operation_type === undefined ? {} : { type: query.operation_type }),
      running: query.running === "true",
      ...(after ? { after: { createdAt: new Date(after[0]), operationId: after[1] } } : {}),
      limit: query.limit + 1,
    });
    const page = pageOf("progress", rows, query.limit, (row) => [row.created_at, row.operation_id]);
    return {
      status: 200,
      body: {
        operations: page.rows.map(operationJson),
        count: page.rows.length,
        next_cursor: page.nextCursor,
      },
    };
  }),
);
