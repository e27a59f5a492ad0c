import { errorCode, TransientError } from "#shared/errors.ts";

const TOO_LATE = new Set(["TimeoutError", "AbortError"]);

/** `embedding_unreachable`: with a timeout, or the network's error (ECONNREFUSED, ENOTFOUND, …). */
export function unreachable(who: string, error: unknown): TransientError {
  const cause = error instanceof Error ? error.cause : undefined;
  const fault = cause instanceof Error && ("code" in cause ? errorCode(cause) : cause.message);
  const reason =
    error instanceof Error && TOO_LATE.has(error.name)
      ? "did not reply in time"
      : `cannot be reached${fault ? ` (${fault})` : ""}`;
  return new TransientError("embedding_unreachable", `${who} ${reason}`, { cause: error });
}
