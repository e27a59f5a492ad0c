import { z } from "zod";
import { listSources as readSources } from "#shared/sources/source-overviews.ts";
import { listSources } from "#functions/api/contract/sources.ts";
import { sourceJson } from "./responses/source-json.ts";
import { cursorText, cursorTime, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

const position = z.tuple([cursorTime, cursorText]);

/** GET /api/confluence/sources: in the order in which they were added. */
export const handler = httpHandler(
  route(listSources)([database], async ({ query }, { sql }) => {
    const after = readCursor("sources", position, query.cursor);
    const rows = await readSources(sql, {
      after: after && { createdAt: new Date(after[0]), sourceId: after[1] },
      limit: query.limit + 1,
    });
    const page = pageOf("sources", rows, query.limit, (source) => [
      source.createdAt.toISOString(),
      source.sourceId,
    ]);
    return { status: 200, body: { sources: page.rows.map(sourceJson), next_cursor: page.nextCursor } };
  }),
);
