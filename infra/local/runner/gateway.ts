import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { UserError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { preflightHeaders } from "#functions/runtime/cors.ts";
import { serveConsole } from "#infra/local/console/serve-console.ts";
import { LOCAL_CALLER, type ApiKey } from "./api-keys.ts";
import { serveReference } from "./api-reference.ts";
import { handleAwsCall, isAwsCall } from "./aws-endpoints.ts";
import { rejectClientError } from "./client-errors.ts";
import type { EventBus } from "./event-bus.ts";
import { toHttpEvent, writeResult } from "./http-event.ts";
import type { Invoker } from "./invoke.ts";
import {
  needsKey,
  refuseForeignPages,
  requireApiKey,
  requireEveryScope,
  requireScope,
} from "./request-guard.ts";
import { decodePath, makeRouter } from "./routes.ts";
import type { Topology } from "./topology-types.ts";

/** Lambda's limit for the event of a synchronous invocation (docs.aws.amazon.com/lambda, quotas). */
export const MAX_REQUEST_BYTES = 6 * 1024 * 1024;

export type Gateway = { url: string; close: () => Promise<void> };

export type AroundRequest = <T>(work: () => Promise<T>) => Promise<T>;

type Options = {
  port: number;
  routes: Topology["routes"];
  invoker: Invoker;
  /** Default: runs it. */
  aroundRequest?: AroundRequest;
  eventBus: EventBus;
  /** None: whoever reaches loopback is trusted. */
  apiKeys: readonly ApiKey[];
  /** Origins whose pages may call the API. */
  corsOrigins?: readonly string[];
  log: Log;
  now: () => Date;
  newId: () => string;
};

/**
 * Serves HTTP on 127.0.0.1: requests become API Gateway v2 events (payload 2.0) for the topology's functions; Lambda's
 * Invoke and EventBridge's PutEvents are handled beside them. Throws `UserError` (`port_taken`) when it cannot listen.
 */
export async function startGateway(options: Options): Promise<Gateway> {
  const handle = makeRequestHandler(options);
  let closing = false;
  const server = createServer((request, response) => {
    // An idle keep-alive connection would delay `close`.
    response.once("close", () => setImmediate(() => closing && server.closeIdleConnections()));
    void handle(request, response);
  });
  server.on("clientError", rejectClientError);
  const port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${port}`,
    // Running requests are completed first.
    close: () =>
      new Promise((resolve, reject) => {
        closing = true;
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}

function makeRequestHandler(options: Options) {
  const route = makeRouter(options.routes);
  const aroundRequest: AroundRequest = options.aroundRequest ?? (async (work) => work());
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = options.newId();
    response.setHeader("apigw-requestid", requestId);
    response.setHeader("x-request-id", requestId);
    try {
      const { path, rawQueryString } = splitTarget(request.url ?? "/");
      const method = request.method ?? "GET";
      const match = route.find(method, path);
      const corsOrigins = options.corsOrigins ?? [];
      const preflight = method === "OPTIONS" ? preflightHeaders(request.headers.origin, corsOrigins) : null;
      if (preflight) return writeResult(response, { statusCode: 204, headers: preflight });
      // A delivery comes from elsewhere by its nature, and its function asks for the hook's secret.
      const isDelivery = match?.route.scope === "hook";
      const hasKeys = options.apiKeys.length > 0;
      if (!hasKeys && !isDelivery) refuseForeignPages(request.headers, corsOrigins);
      const reads = method === "GET" || method === "HEAD";
      const page =
        reads && !match
          ? ((await serveReference(path)) ?? (await serveConsole(path, request.headers["if-none-match"])))
          : null;
      if (page) return writeResult(response, page);
      const isKeyed = hasKeys && (!match || needsKey(match.route.scope));
      const caller = isKeyed ? requireApiKey(options.apiKeys, request.headers) : LOCAL_CALLER;
      if (match) requireScope(caller.scopes, match.route.scope);
      const body = await readBody(request);
      if (isAwsCall(request, path)) {
        requireEveryScope(caller.scopes);
        return await handleAwsCall({ request, path, body }, response, options);
      }
      if (!match) throw noRoute(method, path, route.methodsOf(path));
      const event = toHttpEvent(
        {
          method,
          path: decodePath(path),
          rawQueryString,
          headers: request.headersDistinct,
          body,
          sourceIp: request.socket.remoteAddress ?? "",
        },
        match,
        { requestId, now: options.now(), caller: hasKeys && !isKeyed ? null : caller },
      );
      writeResult(response, await aroundRequest(() => options.invoker.invoke(match.route.function, event)));
    } catch (error) {
      respondWithError(response, error, options.log, requestId);
    }
  };
}

/** On AWS, API Gateway returns 404 for both. */
function noRoute(method: string, path: string, allowed: readonly string[]): UserError {
  if (allowed.length === 0) return new UserError(404, "route_not_found", `Route ${method} ${path} not found`);
  return new UserError(405, "method_not_allowed", `${path} accepts ${allowed.join(", ")}, not ${method}`, {
    details: { allow: allowed },
  });
}

function splitTarget(target: string): { path: string; rawQueryString: string } {
  const mark = target.indexOf("?");
  return mark === -1
    ? { path: target, rawQueryString: "" }
    : { path: target.slice(0, mark), rawQueryString: target.slice(mark + 1) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () =>
    new UserError(413, "body_too_large", `The request body exceeds ${MAX_REQUEST_BYTES} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > MAX_REQUEST_BYTES) throw tooLarge();
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_REQUEST_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Responds to what the gateway itself rejects, in the API's error format; a function that failed without a response is a 500. */
function respondWithError(response: ServerResponse, error: unknown, log: Log, requestId: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known = error instanceof UserError ? error : null;
  if (!known) log.error("request.failed", { request_id: requestId, error });
  if (known?.status === 401) response.setHeader("www-authenticate", "Bearer");
  if (Array.isArray(known?.details?.allow)) response.setHeader("allow", known.details.allow.join(", "));
  // The rest of a refused body is not read.
  response.setHeader("connection", "close");
  writeResult(response, {
    statusCode: known?.status ?? 500,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      error: known
        ? { code: known.code, message: known.message }
        : { code: "internal_error", message: "The function failed without a response" },
      // Archon's clients also call routes that this service lacks, and read `detail`.
      ...(known?.status === 404 || known?.status === 405 ? { detail: { error: known.message } } : {}),
    }),
  });
}

/** The port that it listens on. */
function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE" || error.code === "EACCES"
          ? new UserError(
              409,
              "port_taken",
              `Port ${port} cannot be used (${error.code}). Stop the process that listens there, or set PORT to another port (0: any free one)`,
              { cause: error },
            )
          : error,
      );
    });
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
