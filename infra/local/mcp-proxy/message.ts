import { z } from "zod";

export const messageId = z.union([z.string(), z.number()]);

const message = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: messageId.nullish(),
  method: z.string().optional(),
  params: z.looseObject({}).optional(),
});

/** A message of JSON-RPC 2.0, as far as it matters for passing it on. */
export type Message = z.output<typeof message>;

/** What a text holds. `messages`: one, or those of a batch. `refused`: ids of what is JSON, but no message; null where it has none. */
export type Received = { isBatch: boolean; messages: Message[]; refused: (string | number | null)[] };

/** The messages in a text; null if it is not JSON. */
export function parseMessages(text: string): Received | null {
  const parsed = parseJson(text);
  if (!parsed) return null;
  const { json } = parsed;
  // An empty array is no batch.
  const isBatch = Array.isArray(json) && json.length > 0;
  const received: Received = { isBatch, messages: [], refused: [] };
  for (const one of isBatch ? json : [json]) {
    const { data } = message.safeParse(one);
    if (data) received.messages.push(data);
    else received.refused.push(idIn(one));
  }
  return received;
}

/** Whether a response is expected, and by which id. */
export function requestId({ id, method }: Message): string | number | null {
  return method === undefined ? null : (id ?? null);
}

/** The id of what looks like a request, whatever else is wrong with it. */
function idIn(json: unknown): string | number | null {
  return z.looseObject({ id: messageId }).safeParse(json).data?.id ?? null;
}

function parseJson(text: string): { json: unknown } | null {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return null;
  }
}
