import middy, { type MiddlewareObj } from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { callerOf, type Caller } from "./caller.ts";
import { corsHeaders } from "./cors.ts";
import { etagOf, matchesEtag } from "./etag.ts";
import type { AnyContract } from "./http-contract.ts";
import { errorResponse, isLostConnection, type HttpResponse } from "./http-errors.ts";
import { parseRequest, readBody } from "./http-request.ts";
import { respondOnce } from "./idempotency.ts";
import {
  beginInvocation,
  resolveServices,
  type Provider,
  type Services,
  type ServicesOf,
} from "./services.ts";

/** What a route works on: parsed by its contract. */
export type RequestOf<C extends AnyContract> = {
  params: z.output<C["params"]>;
  query: z.output<C["query"]>;
  /** Undefined where the contract says `readsBodyItself`. */
  body: z.output<NonNullable<C["body"]>>;
  readBody: () => z.output<NonNullable<C["body"]>>;
  /** By lower-case name. */
  headers: APIGatewayProxyEventV2["headers"];
  /** The id for what this request makes: the same one when the request is repeated with its Idempotency-Key. */
  resourceId: string;
  caller: Caller;
  /** Aborted shortly before the function's time is over. */
  signal: AbortSignal;
};

/** What a route returns: one of its contract's statuses with a body that fits. */
export type AnswerOf<C extends AnyContract> = {
  [S in keyof C["responses"] & number]: C["responses"][S] extends z.ZodType
    ? { status: S; body: z.input<C["responses"][S]>; headers?: Record<string, string> }
    : { status: S; headers?: Record<string, string> };
}[keyof C["responses"] & number];

type Meta = { requestId: string; signal: AbortSignal };

/** A route that `httpHandler` serves; made by `route`. */
export type HttpRoute = {
  contract: AnyContract;
  handle: (event: APIGatewayProxyEventV2, meta: Meta) => Promise<HttpResponse>;
};

/**
 * Joins a contract with the services it needs and the function that handles it: `route(contract)(needs, run)`, in two steps, so
 * that the contract is known when the types of `run` are worked out.
 */
export function route<C extends AnyContract>(contract: C) {
  return <K extends keyof Services>(
    needs: readonly Provider<K>[],
    run: (request: RequestOf<C>, services: ServicesOf<K>) => Promise<AnswerOf<C>>,
  ): HttpRoute => ({
    contract,
    handle: async (event, { signal }) => {
      const parsed = parseRequest(contract, event);
      const services = await resolveServices(needs);
      const caller = callerOf(event, services.env.SEARCH_ALL_CALLERS);
      const raw = { headers: event.headers, caller, readBody: () => readBody(contract, event) };
      const runAs = async (resourceId: string): Promise<HttpResponse> =>
        // parseRequest parsed by this very contract.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        encode(contract, await run({ ...parsed, ...raw, resourceId, signal } as RequestOf<C>, services));
      if (contract.idempotent) return respondOnce(event, parsed.body, services, runAs);
      return retryLostConnection(contract, () => runAs(services.newId()));
    },
  });
}

/** A request that only reads is tried once more when its connection was lost while the function was frozen. */
async function retryLostConnection(
  { method, scope }: Pick<AnyContract, "method" | "scope">,
  run: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await run();
  } catch (error) {
    // Searches are posted, as their bodies are not for an address.
    const readsOnly = method === "GET" || scope === "search";
    if (readsOnly && isLostConnection(error)) return run();
    throw error;
  }
}

/** Strips what the contract does not name; a body that does not match is an internal error (500). */
function encode(
  contract: AnyContract,
  response: { status: number; body?: unknown; headers?: Record<string, string> },
): HttpResponse {
  const schema = contract.responses[response.status];
  const body = schema ? schema.parse(response.body) : undefined;
  return { status: response.status, body, headers: response.headers ?? {} };
}

/** Reserved from the function's time for the response that says that it timed out. */
const TIMEOUT_RESERVE_MS = 500;

type Event = APIGatewayProxyEventV2;
type Result = APIGatewayProxyStructuredResultV2;

/**
 * The one way to handle HTTP: zod in, zod out, the one error shape, strong ETags with 304, security headers, and the request
 * id in each response and log line. Serves one contract, or those of several routes that share a function.
 */
export function httpHandler(...routes: HttpRoute[]) {
  return middy<Event, Result>({
    timeoutEarlyInMillis: TIMEOUT_RESERVE_MS,
    timeoutEarlyResponse: () => {
      throw new UserError(503, "timeout", "The request was not completed in time; try again");
    },
  })
    .use(finish(routes))
    .handler(async (event, _context, { signal }) => {
      const found = findRoute(routes, event);
      if (!found) throw new UserError(404, "route_not_found", `Route ${event.routeKey} not found`);
      const response = await found.handle(event, { requestId: event.requestContext.requestId, signal });
      operations.set(event, operationOf(response.body) ?? event.pathParameters?.operation_id);
      return serialise(response);
    });
}

/** Of requests in progress: the operation that each started or asked about, for its log line. */
const operations = new WeakMap<object, string | undefined>();

function operationOf(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null || !("operation_id" in body)) return undefined;
  return typeof body.operation_id === "string" ? body.operation_id : undefined;
}

function findRoute(routes: readonly HttpRoute[], event: Event): HttpRoute | undefined {
  // A HEAD is handled as the GET is, up to the body.
  const routeKey = event.routeKey.replace(/^HEAD /, "GET ");
  return routes.find(({ contract }) =>
    contract.paths.some((path) => routeKey === `${contract.method} ${path}`),
  );
}

function serialise(response: HttpResponse): Result {
  const headers = { ...response.headers };
  if (response.body === undefined) return { statusCode: response.status, headers };
  return {
    statusCode: response.status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(response.body),
  };
}

/** After every request, whatever its status: headers, entity tag, log line. */
function finish(routes: readonly HttpRoute[]): MiddlewareObj<Event, Result> {
  const started = new WeakMap<object, number>();
  const complete = async (
    event: Event,
    response: Result,
    problem: { code: string; error?: Error } | null,
  ) => {
    const { env, log } = await resolveServices([]);
    const requestId = event.requestContext.requestId;
    const method = event.requestContext.http.method;
    const reads = method === "GET" || method === "HEAD";
    const tagged = reads && response.statusCode === 200 ? withEtag(event, response) : response;
    const status = tagged.statusCode ?? 200;
    log[problem?.error ? "error" : "info"](problem?.error ? "request.failed" : "request.completed", {
      request_id: requestId,
      method,
      route: event.routeKey,
      actor: callerOf(event).actor || undefined,
      status,
      source_id: event.pathParameters?.source_id,
      operation_id: operations.get(event),
      duration_ms: Math.round(performance.now() - (started.get(event) ?? performance.now())),
      ...(problem ? { code: problem.code } : {}),
      ...(problem?.error ? { error: problem.error } : {}),
    });
    const { body, ...head } = tagged;
    return {
      ...head,
      ...(body === undefined || method === "HEAD" ? {} : { body }),
      headers: {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=31536000",
        "cache-control": reads ? "private, no-cache, must-revalidate" : "no-store",
        ...corsHeaders(event.headers.origin, env.CORS_ORIGINS),
        ...tagged.headers,
        "x-request-id": requestId,
      },
    };
  };
  return {
    before: ({ event, context }) => {
      beginInvocation(context);
      started.set(event, performance.now());
    },
    after: async (request) => {
      request.response = await complete(request.event, request.response ?? { statusCode: 204 }, null);
    },
    onError: async (request) => {
      const { event, error } = request;
      const shape = (findRoute(routes, event) ?? routes[0])?.contract.errorShape ?? "standard";
      const { response, code, fault } = errorResponse(error, shape, event.requestContext.requestId);
      const problem = { code, ...(fault && error ? { error } : {}) };
      request.response = await complete(event, serialise(response), problem);
    },
  };
}

function withEtag(event: Event, response: Result): Result {
  const etag = etagOf(response.body ?? "");
  const headers = { ...response.headers, etag };
  const asked = event.headers["if-none-match"];
  if (asked === undefined || !matchesEtag(asked, etag)) return { ...response, headers };
  const { "content-type": _type, ...kept } = headers as Record<string, string>;
  return { statusCode: 304, headers: kept };
}
