import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { handleRequest } from "./handle-request.ts";
import { sendAnnouncements } from "./hook-deliveries.ts";
import type { Site } from "./site.ts";

export type RunningSite = {
  /** Without a path, e.g. `http://127.0.0.1:4000`: what a source's `base_url` is. */
  url: string;
  site: Site;
  close: () => Promise<void>;
};

/** Serves a site on 127.0.0.1; port 0 takes a free one. Links in its responses then carry this address. */
export async function startConfluenceSite(options: { site: Site; port?: number }): Promise<RunningSite> {
  const { site } = options;
  const closing = new AbortController();
  const server = createServer((request, response) => {
    respond(site, request, response, closing.signal).catch((error: unknown) => {
      if (!closing.signal.aborted) console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  site.url = `http://127.0.0.1:${address.port}`;
  return {
    url: site.url,
    site,
    close: async () => {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function respond(
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value,
    ]),
  );
  const reply = handleRequest(site, {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    headers,
    body: await text(request),
  });
  sendAnnouncements(site, signal);
  if (reply.connection === "hang") return;
  if (reply.connection === "reset") {
    response.destroy();
    return;
  }
  if (reply.delayMs !== undefined) await wait(reply.delayMs, undefined, { signal });
  response.writeHead(reply.status, reply.headers);
  response.end(reply.body);
}
