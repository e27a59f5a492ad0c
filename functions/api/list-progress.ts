import { z } from "zod";
import { requireSource } from "#shared/sources/sources.ts";
import { listProgress as readOperations } from "#shared/syncs/operations/progress-tracker.ts";
import { DEFAULT_LIMIT, MAX_LIMIT } from "#functions/api/contract/fields.ts";
import { listProgress } from "#functions/api/contract/progress.ts";
import { getUsage } from "#functions/api/contract/usage.ts";
import { progressJson } from "./responses/operation-json.ts";
import { usageByDay } from "./use-cases/usage-by-day.ts";
import { cursorTime, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** When the operation began, its id, and whether the list is of those that run. */
const position = z.tuple([cursorTime, z.uuid(), z.literal([0, 1])]);

/** GET /api/progress, and what operations used. */
export const handler = httpHandler(
  route(listProgress)([database], async ({ query }, { sql }) => {
    const after = readCursor("progress", position, query.cursor);
    const { cursor: _, ...filter } = query;
    const isPlain = Object.values(filter).every((value) => value === undefined);
    const limit = query.limit ?? (isPlain && after?.[2] !== 0 ? MAX_LIMIT : DEFAULT_LIMIT);
    // What follows a list of those that run is one too, whether or not the client repeats what it asked for.
    const running =
      query.running === undefined ? (after ? after[2] === 1 : isPlain) : query.running === "true";
    const rows = await readOperations(sql, {
      ...(query.source_id === undefined ? {} : { sourceId: query.source_id }),
      ...(query.operation_type === undefined ? {} : { type: query.operation_type }),
      running,
      ...(after ? { after: { createdAt: new Date(after[0]), operationId: after[1] } } : {}),
      limit: limit + 1,
    });
    const page = pageOf("progress", rows, limit, (row) => [
      row.created_at,
      row.operation_id,
      running ? 1 : 0,
    ]);
    return {
      status: 200,
      body: {
        operations: page.rows.map(progressJson),
        count: page.rows.length,
        next_cursor: page.nextCursor,
      },
    };
  }),
  route(getUsage)([database], async ({ query }, { sql, now, env }) => {
    const { days, source_id: asked } = query;
    const sourceId = asked === undefined ? null : (await requireSource(sql, asked)).sourceId;
    const request = { days, sourceId, price: env.EMBEDDINGS_TOKEN_PRICE, now: now() };
    return { status: 200, body: await usageByDay(sql, request) };
  }),
);
