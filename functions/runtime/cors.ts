/** Headers that a page may read beyond the ones that it always may. */
const EXPOSED =
  "ETag, Location, Retry-After, X-Permissions-Withheld, X-Permissions-Withheld-Count, X-Poll-Interval, X-Request-Id, Idempotency-Replayed";

/** Cross-origin headers of a response: none unless the page's origin is one of those configured (CORS_ORIGINS). */
export function corsHeaders(origin: string | undefined, allowed: readonly string[]): Record<string, string> {
  if (allowed.length === 0) return {};
  if (origin === undefined || !allowed.includes(origin)) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
  };
}

/** The response to a preflight request from a configured origin, for gateways that do not handle it themselves; else null. */
export function preflightHeaders(
  origin: string | undefined,
  allowed: readonly string[],
): Record<string, string> | null {
  if (origin === undefined || !allowed.includes(origin)) return null;
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers":
      "Authorization, Content-Type, Idempotency-Key, If-None-Match, Mcp-Method, Mcp-Name, Mcp-Protocol-Version, X-Api-Key",
    "access-control-max-age": "600",
  };
}
