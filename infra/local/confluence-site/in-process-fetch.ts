import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import { handleRequest } from "./handle-request.ts";
import { handleMediaRequest } from "./media-host.ts";
import type { Site } from "./site.ts";

/** The site, and its media host, as the network of a client in the same process: no port, no waiting but for the client's own time limit. */
export function fetchFrom(site: Site): Fetch {
  return async (url, init) => {
    const { pathname, search, origin } = new URL(url);
    const handle = origin === new URL(site.mediaUrl).origin ? handleMediaRequest : handleRequest;
    const response = handle(site, {
      method: init.method,
      target: `${pathname}${search}`,
      headers: init.headers,
      body: init.body ?? "",
    });
    const { connection } = response;
    if (connection === "hang") await untilAborted(init.signal);
    if (connection === "hang" || connection === "reset") throw new TypeError("fetch failed");
    const bytes = Buffer.from(response.body);
    return {
      status: response.status,
      headers: { get: (name) => response.headers[name.toLowerCase()] ?? null },
      body: (async function* () {
        if (connection === "cut") {
          yield bytes.subarray(0, bytes.length / 2);
          throw new TypeError("terminated");
        }
        yield bytes;
        if (connection === "endless") while (!init.signal.aborted) yield bytes;
      })(),
    };
  };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
