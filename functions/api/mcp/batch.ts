import { z } from "zod";
import { UserError } from "#shared/errors.ts";

/** The first revision of the protocol that has no batches; names of revisions are dates. */
const WITHOUT_BATCHES = "2025-06-18";

const request = z.object({ id: z.union([z.string(), z.number()]), method: z.string() });
/** With an id it would be a request, which gets its response like any other. */
const cancellation = z.object({
  id: z.undefined().optional(),
  method: z.literal("notifications/cancelled"),
});

/**
 * The messages of a batch that are to be handled. `version`: the header MCP-Protocol-Version. Throws `UserError` 400 for a batch that the
 * revision does not allow, and for one that has an id twice.
 */
export function messagesOfBatch(batch: readonly unknown[], version: string | undefined): unknown[] {
  if (version !== undefined && version >= WITHOUT_BATCHES) {
    throw new UserError(
      400,
      "invalid_request",
      `Revision ${version.slice(0, 100)} of the protocol has no batches: send each message by itself`,
    );
  }
  const ids = batch.flatMap((message) => request.safeParse(message).data?.id ?? []);
  const repeated = ids.find((id, index) => ids.indexOf(id) !== index);
  if (repeated !== undefined) {
    throw new UserError(
      400,
      "invalid_request",
      `The id ${JSON.stringify(repeated).slice(0, 100)} occurs twice in the batch: give each request its own`,
    );
  }
  // Requests of other connections cannot be cancelled without a session, and one of the same batch would never get its response.
  return batch.filter((message) => !cancellation.safeParse(message).success);
}

/** The response to a batch: an array, also if it is of one request. */
export async function batchResponse(response: Response): Promise<Response> {
  if (response.status !== 200) return response;
  const body: unknown = await response.json();
  return Response.json(Array.isArray(body) ? body : [body]);
}
