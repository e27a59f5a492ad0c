import type { Message } from "./message.ts";

const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";

/**
 * The headers that Streamable HTTP wants beside a message. Since revision 2026-07-28 they repeat what the message says itself, and
 * servers compare them; `agreed`: the version that `initialize` agreed on before that, null until then.
 */
export function protocolHeaders({ method, params }: Message, agreed: string | null): Record<string, string> {
  const meta = params?._meta;
  const stated = typeof meta === "object" && meta !== null ? Reflect.get(meta, VERSION_KEY) : undefined;
  if (typeof stated !== "string" || method === undefined) return agreedHeaders(agreed);
  const name = method === "resources/read" ? params?.uri : params?.name;
  return {
    "mcp-protocol-version": headerValue(stated),
    "mcp-method": headerValue(method),
    ...(typeof name === "string" ? { "mcp-name": headerValue(name) } : {}),
  };
}

/** The headers of revisions that begin with `initialize`, also of a batch. */
export function agreedHeaders(agreed: string | null): Record<string, string> {
  return agreed === null ? {} : { "mcp-protocol-version": agreed };
}

/** Texts that are no header value are sent as Base64 of their UTF-8, marked as such; so are those that look marked. */
function headerValue(text: string): string {
  const isPlain = /^[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?$/.test(text) && !text.startsWith("=?base64?");
  return isPlain ? text : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}
