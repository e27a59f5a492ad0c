import { bearerSource, type CachedToken } from "#shared/confluence/client-credentials.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** Confluence Cloud over HTTP, at the hosts that the environment allows; connections are kept between invocations. */
export const confluence: Provider<"confluence"> = {
  name: "confluence",
  build: (env) => {
    const policy = { allowedHosts: env.ALLOWED_HOSTS, allowLoopback: env.ALLOW_LOOPBACK };
    const fetch = guardedFetch(policy);
    const tokens = new Map<string, CachedToken>();
    const services = { fetch, now: () => new Date(), random: Math.random, cache: tokens };
    return ({ baseUrl, email, apiToken, clientId }) => {
      const bearer = clientId
        ? bearerSource(baseUrl, { clientId, clientSecret: apiToken }, services)
        : undefined;
      return makeConfluenceClient({ baseUrl, email, apiToken, bearer, ...policy, ...services });
    };
  },
};
