import { PermanentError } from "#shared/errors.ts";

/** Responses above this are not read to the end: a page body of 20 MB can double as JSON, and a worker's memory holds this much. */
export const MAX_RESPONSE_BYTES = 64 * 2 ** 20;

/**
 * A response's JSON. Throws `PermanentError` `answer_too_large` above `maxBytes` (counted after decompression),
 * `invalid_answer` when it is not JSON, and what `onBroken` returns for a connection that ends half-way.
 */
export async function readResponse(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
  onBroken: (error: unknown) => Error,
): Promise<unknown> {
  const text = await readText(body ?? emptyBody(), maxBytes, onBroken);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PermanentError("invalid_answer", "Confluence's response is not JSON", {
      cause,
      details: { length: text.length },
    });
  }
}

async function readText(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  onBroken: (error: unknown) => Error,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof PermanentError ? error : onBroken(error);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Beyond this an unread response costs more than a new connection. */
const DISCARD_BYTES = 64 * 2 ** 10;

/**
 * Discards a response, so that its connection can be reused; a long one is cut off with its
 * connection. Returns its beginning, which may contain more than the status does. Never throws: the status was read before.
 */
export async function discardResponse(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body ?? emptyBody()) {
      size += chunk.byteLength;
      if (size > DISCARD_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    // Its connection is closed as well.
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* emptyBody(): AsyncIterable<Uint8Array> {}

function tooLarge(maxBytes: number): PermanentError {
  return new PermanentError("answer_too_large", `Confluence's response is above ${maxBytes} bytes`);
}
