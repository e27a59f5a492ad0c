import { deleteKnowledgeItem } from "./contract/archon-knowledge.ts";
import { deleteSource } from "#functions/api/contract/sources.ts";
import { deleteAndCancel } from "./use-cases/delete-and-cancel.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** DELETE /api/confluence/{source_id}, and the same for clients of the knowledge endpoints, who expect a body. */
export const handler = httpHandler(
  route(deleteSource)([database], async ({ params }, services) => {
    await deleteAndCancel(params.source_id, services);
    return { status: 204 };
  }),
  route(deleteKnowledgeItem)([database], async ({ params }, services) => {
    await deleteAndCancel(params.source_id, services);
    return {
      status: 200,
      body: {
        success: true,
        message: `Deleted source ${params.source_id}; its rows go in the background`,
        source_id: params.source_id,
      },
    };
  }),
);
