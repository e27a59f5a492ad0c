import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type Socket } from "node:net";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { AddressRefusedError, guardedLookup, mayConnect, type AddressPolicy } from "./address-guard.ts";

/** The part of `fetch` that is used, so that a site in the same process can replace the network. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchedResponse>;
export type FetchInit = {
  method: string;
  headers: Record<string, string>;
  body?: string;
  redirect: "manual";
  signal: AbortSignal;
};
export type FetchedResponse = {
  status: number;
  headers: { get(name: string): string | null };
  body: AsyncIterable<Uint8Array> | null;
};

/** A host that does not accept the connection within this time will not do so within the rest of the call. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Connections are kept this long between calls; one that Confluence closes earlier is detected by its `Keep-Alive` header. */
const IDLE_MS = 30_000;

type Options = { connectTimeoutMs?: number };

/**
 * Fetches from public addresses only, by Node's own client: undici's would be a third of a worker's bundle. Redirects are
 * responses, `signal` ends every phase. Use one per process: it keeps connections open between calls.
 */
export function guardedFetch(policy: Pick<AddressPolicy, "allowLoopback">, options: Options = {}): Fetch {
  const connections = { keepAlive: true, timeout: IDLE_MS, lookup: guardedLookup(policy) };
  const http = { request: httpRequest, agent: new HttpAgent(connections) };
  const https = { request: httpsRequest, agent: new HttpsAgent(connections) };
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;

  return async (address, { method, headers, body, signal }) => {
    const url = new URL(address);
    // A socket to an IP address does no lookup. The URL parser has turned every spelling of one into its usual form.
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (isIP(host) !== 0 && !mayConnect(host, policy)) throw new AddressRefusedError(host);
    const { request, agent } = url.protocol === "https:" ? https : http;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, {
        method,
        agent,
        signal,
        headers: { ...headers, "accept-encoding": "gzip" },
      });
      sent.once("socket", (socket) => limitConnecting(socket, url, connectTimeoutMs));
      sent.once("response", resolve);
      // For good: a socket may fail once more after its response has begun, which the body's reader is notified of.
      sent.on("error", reject);
      sent.end(body);
    });
    return {
      status: response.statusCode ?? 0,
      headers: { get: (name) => headerText(response.headers[name.toLowerCase()]) },
      body: decompressed(response),
    };
  };
}

/** A socket that is still connecting, TLS included, is closed after `timeoutMs`. */
function limitConnecting(socket: Socket, url: URL, timeoutMs: number): void {
  if (!socket.connecting) return;
  const timer = setTimeout(
    () => socket.destroy(new Error(`No connection to ${url.host} within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const stop = () => clearTimeout(timer);
  socket.once(url.protocol === "https:" ? "secureConnect" : "connect", stop);
  socket.once("close", stop);
}

/** A response that ends half-way makes its reader fail, in either form; a response that is no longer read causes no error. */
function decompressed(response: IncomingMessage): Readable {
  if (response.headers["content-encoding"] !== "gzip") return response;
  return pipeline(response, createGunzip(), () => {}).on("error", () => {});
}

function headerText(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
