import { z } from "zod";
import { failureMessage, UnexpectedResponse } from "./failure-message.ts";
import { messageId, parseMessages, requestId, type Message, type Received } from "./message.ts";
import { agreedHeaders, protocolHeaders } from "./protocol-headers.ts";

/** Sends one message, or a batch, to the service; rejects when it cannot be reached. */
export type SendMessage = (
  body: string,
  options: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>;

const cancelled = z.object({ requestId: messageId });
const initialized = z.object({ result: z.object({ protocolVersion: z.string() }) });

/** JSON-RPC 2.0. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const SERVER_ERROR = -32_000;

type Id = string | number;

/**
 * Forwards the messages of a stdio connection, one a line or several as an array, and writes the responses as they come, those of an array
 * as one. Each request gets one response (unless it is cancelled), whatever happens: an error says what to do. Resolves when the input has
 * ended and all have theirs.
 */
export async function forwardMessages(
  lines: AsyncIterable<string>,
  { send, write }: { send: SendMessage; write: (message: object) => void },
): Promise<void> {
  /** What cancels each request. */
  const running = new Map<Id, () => void>();
  const pending = new Set<Promise<void>>();
  /** Of revisions that begin with `initialize`: what its response agreed on. */
  let version: string | null = null;

  /** The responses to the requests that are not cancelled meanwhile. */
  const forward = async (messages: readonly Message[], isBatch: boolean): Promise<object[]> => {
    const abort = new AbortController();
    const waiting = new Set(messages.map(requestId).filter((id) => id !== null));
    for (const id of waiting) {
      running.set(id, () => {
        waiting.delete(id);
        if (waiting.size === 0) abort.abort();
      });
    }
    const ids = [...waiting];
    const [first] = messages;
    if (!first) return [];
    try {
      const response = await send(JSON.stringify(isBatch ? messages : first), {
        headers: isBatch ? agreedHeaders(version) : protocolHeaders(first, version),
        signal: abort.signal,
      });
      const responses = await readResponses(response, ids);
      if (first.method === "initialize")
        version = initialized.safeParse(responses.get(ids[0] ?? "")).data?.result.protocolVersion ?? version;
      return [...waiting].map((id) => responses.get(id) ?? noResponse(id));
    } catch (error) {
      return [...waiting].map((id) => errorOf(id, SERVER_ERROR, failureMessage(error)));
    } finally {
      for (const id of ids) running.delete(id);
    }
  };

  const respond = async ({ isBatch, messages, refused }: Received): Promise<void> => {
    const responses = [...refused.map(notAMessage), ...(await forward(messages, isBatch))];
    const [first] = responses;
    if (first) write(isBatch ? responses : first);
  };

  for await (const line of lines) {
    if (line.trim() === "") continue;
    const received = parseMessages(line);
    if (!received) {
      write(errorOf(null, PARSE_ERROR, "The line is not JSON: send each message in a line"));
      continue;
    }
    const messages = received.messages.filter((message) => {
      const stopped = cancelledBy(message);
      if (stopped !== null) running.get(stopped)?.();
      return stopped === null;
    });
    const sent = respond({ ...received, messages }).finally(() => pending.delete(sent));
    pending.add(sent);
    // What follows it names the version that it agrees on.
    if (messages.some(({ method }) => method === "initialize")) await sent;
  }
  await Promise.all(pending);
}

function cancelledBy({ id, method, params }: Message): Id | null {
  if (method !== "notifications/cancelled" || id != null) return null;
  return cancelled.safeParse(params).data?.requestId ?? null;
}

/** The response's messages by the id of their request, of these; none if it has none. Throws what the response says instead. */
async function readResponses(response: Response, ids: readonly Id[]): Promise<Map<Id, object>> {
  const text = await response.text();
  if (response.ok && text === "") return new Map();
  const body = parseMessages(text);
  const messages = body === null || body.refused.length > 0 ? [] : body.messages;
  const [only] = messages;
  // A refusal by the protocol itself; others are the service's, and say more to people than to programs.
  const isOfProtocol = response.ok || [400, 404].includes(response.status);
  if (body && only && isOfProtocol) {
    if (!body.isBatch && only.id == null && "error" in only)
      return new Map(ids.map((id) => [id, { ...only, id }]));
    const own = messages.flatMap((message): [Id, object][] =>
      message.id != null && ids.includes(message.id) ? [[message.id, message]] : [],
    );
    if (own.length > 0) return new Map(own);
  }
  throw new UnexpectedResponse(response, text);
}

function notAMessage(id: Id | null): object {
  return errorOf(
    id,
    INVALID_REQUEST,
    'Not a JSON-RPC message: it needs "jsonrpc": "2.0", and its params must be an object',
  );
}

function errorOf(id: Id | null, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

function noResponse(id: Id): object {
  return errorOf(id, SERVER_ERROR, "The service returned no response to the request");
}
