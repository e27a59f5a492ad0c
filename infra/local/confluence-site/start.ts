import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { handleRequest } from "./handle-request.ts";
import { sendAnnouncements } from "./hook-deliveries.ts";
import { handleMediaRequest } from "./media-host.ts";
import type { SiteRequest, SiteResponse } from "./responses.ts";
import type { Site } from "./site.ts";

export type RunningSite = {
  /** Without a path, e.g. `http://127.0.0.1:4000`: what a source's `base_url` is. */
  url: string;
  /** The second host, which downloads of files are redirected to. */
  mediaUrl: string;
  site: Site;
  close: () => Promise<void>;
};

type Handle = (site: Site, request: SiteRequest) => SiteResponse;

/**
 * Serves a site on 127.0.0.1, and its media host on another port; port 0 takes a free one. Links in its responses then carry
 * these addresses.
 */
export async function startConfluenceSite(options: { site: Site; port?: number }): Promise<RunningSite> {
  const { site } = options;
  const closing = new AbortController();
  const listen = (handle: Handle, port: number) =>
    startServer({ site, handle, port, signal: closing.signal });
  const main = await listen(handleRequest, options.port ?? 0);
  const media = await listen(handleMediaRequest, 0);
  site.url = main.url;
  site.mediaUrl = media.url;
  return {
    url: site.url,
    mediaUrl: site.mediaUrl,
    site,
    close: async () => {
      closing.abort();
      await Promise.all([main, media].map(async ({ server }) => closeServer(server)));
    },
  };
}

async function startServer({
  site,
  handle,
  port,
  signal,
}: {
  site: Site;
  handle: Handle;
  port: number;
  signal: AbortSignal;
}): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    respond(request, response, async (asked) => {
      const reply = handle(site, asked);
      sendAnnouncements(site, signal);
      if (reply.delayMs !== undefined) await wait(reply.delayMs, undefined, { signal });
      return reply;
    }).catch((error: unknown) => {
      if (!signal.aborted) console.error(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  reply: (asked: SiteRequest) => Promise<SiteResponse>,
): Promise<void> {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value,
    ]),
  );
  const {
    status,
    headers: sent,
    body,
    connection,
  } = await reply({
    method: request.method ?? "GET",
    target: request.url ?? "/",
    headers,
    body: await text(request),
  });
  if (connection === "hang") return;
  if (connection === "reset") {
    response.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  if (connection === "cut") {
    response.writeHead(status, { ...sent, "content-length": String(bytes.length) });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  } else if (connection === "endless") {
    const { "content-length": _stated, ...others } = sent;
    response.writeHead(status, others);
    await sendWithoutEnd(response, bytes);
  } else {
    response.writeHead(status, sent);
    response.end(bytes);
  }
}

/** Until the client leaves, and no faster than it reads. */
async function sendWithoutEnd(response: ServerResponse, bytes: Buffer): Promise<void> {
  while (!response.destroyed) {
    await new Promise<void>((resolve) => {
      response.once("close", resolve);
      response.write(bytes, () => {
        response.off("close", resolve);
        resolve();
      });
    });
  }
}
