/**
 * Errors are typed by remedy, because the code that catches them decides by it:
 * a `UserError` is returned to the caller, a `PermanentError` is recorded and not retried,
 * a `RateLimitedError` waits for the stated time, and everything else is transient: it is retried.
 * Nothing branches on message text; `code` is stable and documented.
 */

type ErrorOptions = { cause?: unknown; details?: Record<string, unknown> };

/** The caller can fix this: returned as `status`, `code`, `message` and `details`, which therefore contain no secret. */
export class UserError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  constructor(status: number, code: string, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "UserError";
    this.status = status;
    this.code = code;
    this.details = options.details;
  }
}

/** A retry would fail in the same way: the page (or operation) is marked failed with `code` and the message is acknowledged. */
export class PermanentError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "PermanentError";
    this.code = code;
    this.details = options.details;
  }
}

/** May be temporary (timeout, 5xx, lost connection): retried later, a bounded number of times. */
export class TransientError extends Error {
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "TransientError";
    this.code = code;
    this.details = options.details;
  }
}

/** The other side asked to wait `retryAfterMs`. Waiting is not a failure and does not count as an attempt. */
export class RateLimitedError extends Error {
  readonly code = "rate_limited";
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = "RateLimitedError";
    this.retryAfterMs = retryAfterMs;
  }
}

/** The stable code of any thrown value; `internal_error` if it has none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return "internal_error";
}

/** The message of any thrown value, for logs and for `sync_error`; never includes causes (they may quote bodies). */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
