import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** Confluence Cloud over HTTP, at the hosts that the environment allows; connections are kept between invocations. */
export const confluence: Provider<"confluence"> = {
  name: "confluence",
  build: (env) => {
    const policy = { allowedHosts: env.ALLOWED_HOSTS, allowLoopback: env.ALLOW_LOOPBACK };
    const fetch = guardedFetch(policy);
    return (site) =>
      makeConfluenceClient({ ...site, ...policy, fetch, now: () => new Date(), random: Math.random });
  },
};
