import { getSource } from "#functions/api/contract/sources.ts";
import { requireOverview } from "./use-cases/require-source.ts";
import { sourceJson } from "./responses/source-json.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** GET /api/confluence/{source_id} */
export const handler = httpHandler(
  route(getSource)([database], async ({ params }, { sql }) => ({
    status: 200,
    body: sourceJson(await requireOverview(sql, params.source_id)),
  })),
);
