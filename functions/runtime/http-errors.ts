import { UserError, errorCode } from "#shared/errors.ts";
import type { ErrorShape } from "./http-contract.ts";

export type HttpResponse = { status: number; body: unknown; headers: Record<string, string> };

/** What a client may see of an error, and what of it must be logged as an internal error. */
export type ErrorResponse = { response: HttpResponse; code: string; fault: boolean };

/** Seconds until a retry makes sense, where nothing better is known. */
const RETRY_AFTER_SECONDS = 2;

/**
 * The response to an error: `UserError` as it says, an unavailable database as 503 with `Retry-After`, everything
 * else as 500 without its message (which may quote SQL or bodies).
 */
export function errorResponse(error: unknown, shape: ErrorShape, requestId: string): ErrorResponse {
  const { status, code, message, details, retryAfter } = publicError(error, requestId);
  const body = errorBody(shape, status, { code, message, ...(details ? { details } : {}) });
  const allowed = Array.isArray(details?.allow) ? details.allow.join(", ") : null;
  const headers: Record<string, string> = {
    ...(retryAfter === null ? {} : { "retry-after": String(retryAfter) }),
    ...(allowed === null ? {} : { allow: allowed }),
  };
  return { response: { status, body, headers }, code, fault: status >= 500 && status !== 501 };
}

type PublicError = {
  status: number;
  code: string;
  message: string;
  details?: Record<string, unknown>;
  retryAfter: number | null;
};

function publicError(error: unknown, requestId: string): PublicError {
  // A 500 is about the service's own configuration, which the client must not see.
  if (error instanceof UserError && error.status !== 500) {
    const { status, code, message, details } = error;
    const stated = details?.retry_after_seconds;
    const retryAfter = typeof stated === "number" ? stated : status === 503 ? RETRY_AFTER_SECONDS : null;
    return { status, code, message, details, retryAfter };
  }
  if (isDatabaseUnavailable(error)) {
    return {
      status: 503,
      code: "database_unavailable",
      message: "The database could not be asked; try again",
      retryAfter: RETRY_AFTER_SECONDS,
    };
  }
  return {
    status: 500,
    code: "internal_error",
    message: `Something failed here. The log has it under request id ${requestId}`,
    retryAfter: null,
  };
}

/** Codes of JSON-RPC 2.0. */
const PARSE_ERROR = -32_700;
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;

function jsonRpcCode(code: string, status: number): number {
  if (code === "malformed_json") return PARSE_ERROR;
  return status < 500 ? INVALID_REQUEST : INTERNAL_ERROR;
}

function errorBody(
  shape: ErrorShape,
  status: number,
  problem: { code: string; message: string; details?: Record<string, unknown> },
): Record<string, unknown> {
  const { message } = problem;
  switch (shape) {
    case "standard":
      return { error: problem };
    case "detail":
      return { error: problem, detail: { error: message } };
    case "detail_text":
      return { error: problem, detail: message };
    case "error_text":
      return { error: message, error_details: problem, detail: { error: message } };
    case "json_rpc": {
      const { code, details } = problem;
      const data = { code, ...(details ? { details } : {}) };
      return { jsonrpc: "2.0", id: null, error: { code: jsonRpcCode(code, status), message, data } };
    }
  }
}

/** Codes of postgres.js and the system for a connection that was lost or never made. */
const LOST_CONNECTION = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "ECONNRESET",
  "EPIPE",
  // admin_shutdown, crash_shutdown
  "57P01",
  "57P02",
]);
const UNAVAILABLE = new Set([
  ...LOST_CONNECTION,
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  // cannot_connect_now, too_many_connections, query_canceled (statement timeout), lock_not_available
  "57P03",
  "53300",
  "57014",
  "55P03",
  // invalid_password: a rotation has changed it, and the secret is about to follow
  "28P01",
  // serialization_failure, deadlock_detected
  "40001",
  "40P01",
]);

function isDatabaseUnavailable(error: unknown): boolean {
  return UNAVAILABLE.has(errorCode(error));
}

/** A connection that was lost while the function was frozen: a request that only reads may be tried once more. */
export function isLostConnection(error: unknown): boolean {
  return LOST_CONNECTION.has(errorCode(error));
}
