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

/** The id of what looks like a request, whatever else is wrong with it; null: it has none. */
export function idIn(text: string): string | number | null {
  try {
    return z.looseObject({ id: messageId }).safeParse(JSON.parse(text)).data?.id ?? null;
  } catch {
    return null;
  }
}

/** The message in a text; null if it holds none. */
export function parseMessage(text: string): Message | null {
  try {
    return message.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
