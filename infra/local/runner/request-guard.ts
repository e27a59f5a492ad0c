import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { UserError } from "#shared/errors.ts";
import type { Scope } from "#infra/routes.ts";
import { CALLER_SCOPES, type CallerScope } from "#functions/runtime/caller.ts";
import type { ApiKey } from "./api-keys.ts";

/**
 * The key that the request carries. Throws `UserError` 401 unless it carries one of these: `Authorization: Bearer KEY`, `X-Api-Key: KEY`, or, for AWS
 * clients, which sign with an `Authorization` of their own, as the access key id.
 */
export function requireApiKey(keys: readonly ApiKey[], headers: IncomingHttpHeaders): ApiKey {
  const authorization = headers.authorization ?? "";
  const offered =
    /^Bearer (.+)$/i.exec(authorization)?.[1] ??
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(authorization)?.[1] ??
    headers["x-api-key"];
  const key = typeof offered === "string" ? findKey(keys, offered.trim()) : undefined;
  if (!key) {
    throw new UserError(
      401,
      "unauthorized",
      "Missing or wrong API key: send it as `Authorization: Bearer …` or `X-Api-Key`",
    );
  }
  return key;
}

/** Compares in constant time: digests have one length whatever was sent. */
function findKey(keys: readonly ApiKey[], offered: string): ApiKey | undefined {
  const digest = createHash("sha256").update(offered).digest();
  return keys.find(({ sha256 }) => timingSafeEqual(digest, Buffer.from(sha256, "hex")));
}

/** Whether a route of this scope is for known callers only; deliveries to hooks have a secret of their own. */
export function needsKey(scope: Scope): boolean {
  return scope !== "public" && scope !== "hook" && scope !== "issuer";
}

/** Throws `UserError` 403 unless the caller may call a route of this scope. Whoever may search for others, or everything, may search. */
export function requireScope(held: readonly CallerScope[], scope: Scope): void {
  if (!needsKey(scope)) return;
  const suffices = (one: CallerScope) =>
    one === scope || (scope === "search" && (one === "search:on-behalf-of" || one === "search:all"));
  if (held.some(suffices)) return;
  throw new UserError(403, "scope_required", `This route needs the scope ${scope}, which the API key lacks`);
}

/** Throws `UserError` 403 unless the caller has every scope: an invocation can say anything about who sent it. */
export function requireEveryScope(held: readonly CallerScope[]): void {
  if (CALLER_SCOPES.every((scope) => held.includes(scope))) return;
  throw new UserError(403, "scope_required", "Functions are invoked with an API key that has every scope");
}

/**
 * Throws `UserError` 403 for requests of web pages of another origin (unless CORS_ORIGINS names it), or of a host name that was
 * pointed at 127.0.0.1 (DNS rebinding): without a key, a service on loopback is open to every web page that its user visits.
 */
export function refuseForeignPages(
  headers: IncomingHttpHeaders,
  allowedOrigins: readonly string[] = [],
): void {
  const host = headers.host ?? "";
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)) {
    throw new UserError(
      403,
      "foreign_host",
      "Without API_KEY only requests to 127.0.0.1 or localhost are accepted",
    );
  }
  const origin = headers.origin;
  if (origin !== undefined && origin !== `http://${host}` && !allowedOrigins.includes(origin)) {
    throw foreignOrigin();
  }
  // An image or an object has no Origin: whether it loads would tell the page what exists. A link that a person follows may come from anywhere.
  const isOfOtherSite =
    headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site";
  if (origin === undefined && isOfOtherSite && headers["sec-fetch-dest"] !== "document")
    throw foreignOrigin();
}

function foreignOrigin(): UserError {
  return new UserError(403, "foreign_origin", "Requests from web pages of another origin are refused");
}
