import { z } from "zod";
import { failureMessage, UnexpectedResponse } from "./failure-message.ts";
import { idIn, messageId, parseMessage, type Message } from "./message.ts";
import { protocolHeaders } from "./protocol-headers.ts";

/** Sends one message to the service; rejects when it cannot be reached. */
export type SendMessage = (
  body: string,
  options: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>;

const cancelled = z.object({ requestId: messageId });
const initialized = z.object({ result: z.object({ protocolVersion: z.string() }) });

/** JSON-RPC 2.0. */
const PARSE_ERROR = -32_700;
const SERVER_ERROR = -32_000;

/**
 * Forwards the messages of a stdio connection, one a line, and writes the responses as they come. Each request gets one response
 * (unless it is cancelled), whatever happens: an error says what to do. Resolves when the input has ended and all have theirs.
 */
export async function forwardMessages(
  lines: AsyncIterable<string>,
  { send, write }: { send: SendMessage; write: (message: object) => void },
): Promise<void> {
  const running = new Map<string | number, AbortController>();
  const pending = new Set<Promise<void>>();
  /** Of revisions that begin with `initialize`: what its response agreed on. */
  let version: string | null = null;

  const forward = async (request: Message): Promise<void> => {
    const abort = new AbortController();
    const requestId = request.method === undefined ? null : (request.id ?? null);
    if (requestId !== null) running.set(requestId, abort);
    try {
      const response = await send(JSON.stringify(request), {
        headers: protocolHeaders(request, version),
        signal: abort.signal,
      });
      const result = await readResponse(response, requestId);
      if (request.method === "initialize")
        version = initialized.safeParse(result).data?.result.protocolVersion ?? version;
      if (requestId !== null && !abort.signal.aborted) write(result ?? noResponse(requestId));
    } catch (error) {
      if (requestId !== null && !abort.signal.aborted) write(errorOf(requestId, failureMessage(error)));
    } finally {
      if (requestId !== null) running.delete(requestId);
    }
  };

  for await (const line of lines) {
    if (line.trim() === "") continue;
    const parsed = parseMessage(line);
    if (!parsed) {
      write({
        jsonrpc: "2.0",
        id: idIn(line),
        error: {
          code: PARSE_ERROR,
          message:
            "The line is not one JSON-RPC message whose params are an object: send each message in a line",
        },
      });
      continue;
    }
    const stopped =
      parsed.method === "notifications/cancelled" ? cancelled.safeParse(parsed.params).data : undefined;
    if (stopped) {
      running.get(stopped.requestId)?.abort();
      continue;
    }
    const sent = forward(parsed).finally(() => pending.delete(sent));
    pending.add(sent);
    // What follows it names the version that it agrees on.
    if (parsed.method === "initialize") await sent;
  }
  await Promise.all(pending);
}

/** The response's message, for this request; null if it has none. Throws what the response says instead. */
async function readResponse(response: Response, requestId: string | number | null): Promise<object | null> {
  const text = await response.text();
  if (response.ok && text === "") return null;
  const body = parseMessage(text);
  const isOwn = body !== null && (body.id === requestId || (body.id == null && "error" in body));
  // A refusal by the protocol itself; others are the service's, and say more to people than to programs.
  if (isOwn && (response.ok || [400, 404].includes(response.status))) return { ...body, id: requestId };
  throw new UnexpectedResponse(response, text);
}

function errorOf(requestId: string | number, text: string): object {
  return { jsonrpc: "2.0", id: requestId, error: { code: SERVER_ERROR, message: text } };
}

function noResponse(requestId: string | number): object {
  return errorOf(requestId, "The service returned no response to the request");
}
