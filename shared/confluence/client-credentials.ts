import { z } from "zod";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { isLoopbackUrl } from "./address-guard.ts";
import type { Fetch } from "./guarded-fetch.ts";
import { retryAfterMs } from "./rate-limit-headers.ts";
import { readResponse } from "./response-body.ts";

/** Requested again so long before its end: a request that is sent with it must arrive in time. */
const RENEW_BEFORE_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 100_000;

const tokenSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });

export type ClientCredentials = { clientId: string; clientSecret: string };

/** Returns a bearer token that is valid now, and another one than `refused`, which Confluence did not accept. */
export type BearerSource = (refused?: string) => Promise<string>;

/** Where a site's client credentials are exchanged. A site on this machine does it itself: the local runner's simulated one. */
function tokenUrl(baseUrl: string): string {
  return isLoopbackUrl(baseUrl)
    ? `${new URL(baseUrl).origin}/oauth/token`
    : "https://auth.atlassian.com/oauth/token";
}

/**
 * Tokens of a service account by the OAuth 2.0 client credentials grant
 * (https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts): each lives an hour and is
 * kept for as long, once for all clients that share `cache`. Throws as `ConfluenceClient` does.
 */
export function bearerSource(
  baseUrl: string,
  { clientId, clientSecret }: ClientCredentials,
  services: { fetch: Fetch; now: () => Date; random: () => number; cache: Map<string, CachedToken> },
): BearerSource {
  const url = tokenUrl(baseUrl);
  const key = JSON.stringify([url, clientId, clientSecret]);
  return async (refused) => {
    const now = services.now().getTime();
    const cached = services.cache.get(key);
    if (cached && cached.until > now && cached.token !== refused) return cached.token;
    const { access_token: token, expires_in: seconds } = await exchange(
      url,
      { clientId, clientSecret },
      services,
    );
    services.cache.set(key, { token, until: now + seconds * 1000 - RENEW_BEFORE_MS });
    return token;
  };
}

export type CachedToken = { token: string; until: number };

async function exchange(
  url: string,
  { clientId, clientSecret }: ClientCredentials,
  { fetch, now, random }: { fetch: Fetch; now: () => Date; random: () => number },
): Promise<z.infer<typeof tokenSchema>> {
  const unreachable = (cause: unknown) =>
    new TransientError("connection_failed", "The connection to Atlassian's token endpoint failed", { cause });
  const response = await fetch(url, {
    method: "POST",
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
  }).catch((error: unknown) => {
    throw unreachable(error);
  });
  const { status } = response;
  if (status === 429)
    throw new RateLimitedError(
      "Atlassian's token endpoint returned 429: too many requests",
      retryAfterMs((name) => response.headers.get(name), now(), random),
    );
  if (status >= 500 || status === 408)
    throw new TransientError("confluence_failed", `Atlassian's token endpoint returned ${status}`);
  if ([400, 401, 403].includes(status))
    throw new PermanentError("credentials_rejected", `Atlassian rejected the client credentials (${status})`);
  // Anything else, such as a redirect or a 404, says nothing about them.
  if (status !== 200)
    throw new PermanentError("invalid_answer", `Atlassian's token endpoint returned ${status}`);
  const read = tokenSchema.safeParse(await readResponse(response.body, MAX_BYTES, unreachable));
  if (!read.success)
    throw new PermanentError("invalid_answer", "Atlassian's token endpoint returned no token");
  return read.data;
}
