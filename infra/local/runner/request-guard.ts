import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { UserError } from "#shared/errors.ts";

/**
 * Throws `UserError` 401 unless the request carries the key: `Authorization: Bearer KEY`, `X-Api-Key: KEY`, or, for AWS
 * clients, which sign with an `Authorization` of their own, as the access key id.
 */
export function requireApiKey(apiKey: string, headers: IncomingHttpHeaders): void {
  const authorization = headers.authorization ?? "";
  const offered =
    /^Bearer (.+)$/i.exec(authorization)?.[1] ??
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\//.exec(authorization)?.[1] ??
    headers["x-api-key"];
  if (typeof offered !== "string" || !sameText(offered.trim(), apiKey)) {
    throw new UserError(
      401,
      "unauthorized",
      "Missing or wrong API key: send it as `Authorization: Bearer …` or `X-Api-Key`",
    );
  }
}

/** Compares in constant time: digests have one length whatever was sent. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
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
    throw new UserError(403, "foreign_origin", "Requests from web pages of another origin are refused");
  }
}
