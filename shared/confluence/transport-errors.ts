import { PermanentError, TransientError } from "#shared/errors.ts";
import { AddressRefusedError } from "./address-guard.ts";
import { scopedCall } from "./scopes.ts";

/** The credentials lack the scope of a call, which is named. */
export function scopeError(url: URL): PermanentError {
  const known = scopedCall(url.pathname);
  const call = known?.call ?? url.pathname;
  const scope = known?.scope ?? null;
  return new PermanentError(
    "scope_missing",
    `The API token lacks the scope ${scope ?? "(unknown)"}, which ${call} needs: add it to the token`,
    { details: { status: 401, path: url.pathname, call, scope } },
  );
}

/** What another status than 2xx, 3xx and 429 means. */
export function statusError(status: number, url: URL): Error {
  const details = { status, path: url.pathname };
  if (status >= 500 || status === 408) {
    return new TransientError("confluence_failed", `Confluence returned ${status}`, { details });
  }
  const codes: Record<number, [string, string]> = {
    401: ["credentials_rejected", "Confluence rejected the credentials"],
    403: ["forbidden", "The account may not do this"],
    404: ["not_found", "Confluence has no such thing, or the account may not see it"],
  };
  const [code, message] = codes[status] ?? ["request_refused", `Confluence returned ${status}`];
  return new PermanentError(code, message, { details });
}

/** Why there is no response: its address was refused, it took too long, or the connection broke. */
export function connectionError(error: unknown, signal: AbortSignal, url: URL): Error {
  if (error instanceof PermanentError || error instanceof TransientError) return error;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof AddressRefusedError) {
      return new PermanentError("address_refused", cause.message, { cause: error });
    }
  }
  const details = { path: url.pathname };
  if (signal.aborted) {
    return new TransientError("timeout", "Confluence did not respond in time", { cause: error, details });
  }
  return new TransientError("connection_failed", "The connection to Confluence failed", {
    cause: error,
    details,
  });
}
