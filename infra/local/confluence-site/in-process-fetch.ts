import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import { handleRequest } from "./handle-request.ts";
import type { Site } from "./site.ts";

/** The site as the network of a client in the same process: no port, no waiting but for the client's own time limit. */
export function fetchFrom(site: Site): Fetch {
  return async (url, init) => {
    const { pathname, search } = new URL(url);
    const response = handleRequest(site, {
      method: init.method,
      target: `${pathname}${search}`,
      headers: init.headers,
      body: init.body ?? "",
    });
    if (response.connection === "hang") await untilAborted(init.signal);
    if (response.connection) throw new TypeError("fetch failed");
    const bytes = Buffer.from(response.body);
    return {
      status: response.status,
      headers: { get: (name) => response.headers[name.toLowerCase()] ?? null },
      body: (async function* () {
        yield bytes;
      })(),
    };
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
