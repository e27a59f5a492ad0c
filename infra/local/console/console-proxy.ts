import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errorCode, UserError } from "#shared/errors.ts";
import { awsSigner, regionOfApi, type SignRequest } from "#infra/local/aws-signer.ts";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { refuseForeignPages } from "#infra/local/runner/request-guard.ts";
import { serveConsole } from "./serve-console.ts";

/** What the console calls; nothing else is forwarded with the operator's credentials. */
const FORWARDED = /^\/(?:api\/|health$|openapi\.json$)/;
const METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"];
/** Above what any form of the console sends. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Longer than the 30 s that API Gateway waits. */
const TIMEOUT_MS = 40_000;
const TO_SERVICE = ["accept", "content-type", "idempotency-key", "if-none-match"];
/** Where the proxy has no credentials of its own, a person may enter a key in the console. */
const KEY_OF_BROWSER = "x-api-key";
const TO_BROWSER = [
  "content-type",
  "etag",
  "retry-after",
  "x-permissions-withheld",
  "x-permissions-withheld-count",
  "x-poll-interval",
  "x-request-id",
  "apigw-requestid",
  "idempotency-replayed",
];

export type ConsoleProxy = { url: string; close: () => Promise<void> };

export type ProxyOptions = {
  /** Of the service, with its stage where it has one. */
  api: string;
  /** Sent with each request; without one they are signed where the API is on AWS. */
  apiKey: string | undefined;
  /** Whether to sign requests wherever the API is. */
  aws: boolean;
  /** 0: any free one. */
  port: number;
};

/**
 * Serves the console on 127.0.0.1 and forwards what it calls to the service, with the operator's credentials. Web pages of other
 * origins, other host names and other paths are refused. Throws `UsageError` for an address that is none.
 */
export async function startConsoleProxy(options: ProxyOptions): Promise<ConsoleProxy> {
  const service = serviceOf(options);
  const server = createServer((request, response) => void handle(request, response, service));
  const port = await listen(server, options.port);
  return {
    url: `http://127.0.0.1:${port}/console`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Service = {
  api: string;
  send: (target: string, init: RequestInit) => Promise<Response>;
  /** What to do when the service refuses the credentials that the proxy sends; null: it has none, the browser's key is sent. */
  refused: string | null;
};

function serviceOf({ api, apiKey, aws }: ProxyOptions): Service {
  const base = URL.parse(api);
  if (!base || !/^https?:$/.test(base.protocol))
    throw new UsageError("--api is not the URL of a service: http://127.0.0.1:3000, for one");
  if (base.username !== "" || base.password !== "" || base.search !== "")
    throw new UsageError("--api must have no credentials and no query");
  const prefix = base.pathname.replace(/\/$/, "");
  const region = regionOfApi(base.hostname);
  const isSigned = aws || (region !== null && apiKey === undefined);
  const sign: SignRequest | null = isSigned ? awsSigner(region) : null;
  const send: Service["send"] = async (target, init) => {
    const url = new URL(base.origin + prefix + target);
    // The credentials are for this address alone.
    const options = { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) } as const;
    if (sign) return fetch(await sign(url, init), options);
    const headers = new Headers(init.headers);
    if (apiKey !== undefined) headers.set("authorization", `Bearer ${apiKey}`);
    return fetch(url, { ...init, headers, ...options });
  };
  const refused = sign
    ? "sign in with AWS credentials that may call it"
    : apiKey === undefined
      ? null
      : "start the console with API_KEY set to a key of the service";
  return { api, send, refused };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { api, send, refused }: Service,
): Promise<void> {
  try {
    // Whoever may use this port acts with the operator's credentials.
    refuseForeignPages(request.headers);
    const method = request.method ?? "GET";
    const target = request.url ?? "/";
    const [path = "/"] = target.split(/[?#]/);
    if (path === "/") return respond(response, { statusCode: 302, headers: { location: "/console" } });
    const page =
      method === "GET" || method === "HEAD"
        ? await serveConsole(path, request.headers["if-none-match"])
        : null;
    if (page) return respond(response, page);
    if (!FORWARDED.test(path) || !METHODS.includes(method) || isDotted(path))
      throw new UserError(404, "route_not_found", `The console's proxy does not forward ${method} ${path}`);
    const body = await readBody(request);
    const headers = pick(refused === null ? [...TO_SERVICE, KEY_OF_BROWSER] : TO_SERVICE, request);
    const answer = await reach(() => send(target, { method, headers, ...(body ? { body } : {}) }), api);
    // A 401 would make the console ask for a key, which would not be sent.
    if (answer.status === 401 && refused !== null)
      throw new UserError(
        403,
        "credentials_refused",
        `The service refuses the console's credentials: ${refused}`,
      );
    response.writeHead(answer.status, answer.headers);
    response.end(method === "HEAD" ? undefined : answer.bytes);
  } catch (error) {
    const known = error instanceof UserError ? error : null;
    respond(response, {
      statusCode: known?.status ?? 500,
      headers: { "content-type": "application/json", connection: "close" },
      body: JSON.stringify({
        error: known
          ? { code: known.code, message: known.message }
          : { code: "internal_error", message: "The console's proxy failed" },
      }),
    });
  }
}

/** Whether a path could lead out of what is forwarded once it is normalized. */
function isDotted(path: string): boolean {
  return /(?:^|\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)|\\|%5c/i.test(path);
}

type Answer = { status: number; headers: Record<string, string>; bytes: Buffer };

/** The whole response: one that is cut off is no response. */
async function reach(send: () => Promise<Response>, api: string): Promise<Answer> {
  try {
    const response = await send();
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: headersFor(response), bytes };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const why = timedOut ? "it did not respond in time" : (errorCode(cause) ?? "no connection");
    const isCredentials = error instanceof Error && /credential/i.test(`${error.name} ${error.message}`);
    throw new UserError(
      502,
      isCredentials ? "credentials_missing" : "service_unreachable",
      isCredentials
        ? "No AWS credentials were found. Sign in (aws sso login, AWS_PROFILE) and start the console again"
        : `The service at ${api} cannot be reached (${why}). Check that it runs, and the address given with --api`,
      { cause: error },
    );
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES)
      throw new UserError(413, "body_too_large", `The request body exceeds ${MAX_BODY_BYTES} bytes`);
    parts.push(part);
  }
  return size === 0 ? null : Buffer.concat(parts);
}

function pick(names: readonly string[], { headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

function headersFor({ headers }: Response): Record<string, string> {
  const passed = TO_BROWSER.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    // What is no API may answer with a page, whose scripts would act with the operator's credentials.
    "content-security-policy": "default-src 'none'; sandbox",
    ...Object.fromEntries(passed),
  };
}

function respond(
  response: ServerResponse,
  result: { statusCode: number; headers: Record<string, string>; body?: string; isBase64Encoded?: boolean },
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const hasBody = response.req.method !== "HEAD" && result.body !== undefined;
  response.writeHead(result.statusCode, result.headers);
  response.end(
    hasBody ? Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8") : undefined,
  );
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : port);
    });
  });
}
