import type { Duplex } from "node:stream";
import { STATUS_CODES } from "node:http";
import { errorCode } from "#shared/errors.ts";

/** By Node's error code: requests that are not valid HTTP, so that no function is invoked. */
const UNREADABLE: Record<string, [status: number, code: string, message: string]> = {
  HPE_HEADER_OVERFLOW: [
    431,
    "headers_too_large",
    "Request line and headers exceed 16 KB (10 KB on AWS): shorten the URL or the headers",
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "request_timeout", "The request was not completely received in time"],
};
const MALFORMED = [400, "malformed_request", "The request is not valid HTTP/1.1"] as const;

/** Responds to an invalid request in the API's error format and closes its connection. For `clientError`. */
export function rejectClientError(error: Error, socket: Duplex): void {
  // Closed, or in the middle of a response.
  if (!socket.writable || errorCode(error) === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [status, code, message] = UNREADABLE[errorCode(error)] ?? MALFORMED;
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
