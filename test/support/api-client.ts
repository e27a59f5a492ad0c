import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { z } from "zod";
import { functions } from "#infra/topology.ts";
import { routes } from "#infra/routes.ts";
import { loadHandlers } from "#infra/local/runner/load-handlers.ts";
import { decodePath, makeRouter } from "#infra/local/runner/routes.ts";
import { withServices, type Services } from "#functions/runtime/services.ts";
import { requireDocumented } from "#test/support/documented-response.ts";

export type ApiAnswer = {
  status: number;
  headers: Record<string, string>;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
  body: any;
};

export type ApiCall = {
  query?: Record<string, string>;
  headers?: Record<string, string | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent unchanged, with the content type of `headers`. */
  rawBody?: string;
  isBase64Encoded?: boolean;
  /** Added to the request context, as by an authorizer. */
  authorizer?: object;
  remainingMs?: number;
};

export type ApiClient = (method: string, path: string, call?: ApiCall) => Promise<ApiAnswer>;

const resultShape = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string().default(""),
});

const router = makeRouter(routes);
let requests = 0;

/**
 * Calls the functions that the topology routes to with API Gateway v2 events, on these services. Every response must be one that
 * the OpenAPI document describes.
 */
export async function makeApiClient(services: Partial<Services>): Promise<ApiClient> {
  const names = new Set<string>(routes.map((route) => route.function));
  const handlers = await loadHandlers(
    Object.fromEntries(Object.entries(functions).filter(([name]) => names.has(name))),
  );
  return async (method, path, call = {}) => {
    const match = router.find(method, path);
    if (!match) throw new Error(`The topology has no route for ${method} ${path}`);
    const event = toEvent(method, path, match, call);
    const handler = handlers.get(match.route.function);
    if (!handler) throw new Error(`Function ${match.route.function} does not exist`);
    // All of the context that functions of the API look at.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const context = { getRemainingTimeInMillis: () => call.remainingMs ?? 29_000 } as Context;
    const result = resultShape.parse(await withServices(services, () => handler(event, context)));
    const { statusCode: status, headers, body: text } = result;
    requireDocumented(match.routeKey, status, method === "HEAD" ? null : text);
    return {
      status,
      headers,
      text,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
}

function toEvent(
  method: string,
  path: string,
  match: { routeKey: string; pathParameters: Record<string, string> },
  call: ApiCall,
): APIGatewayProxyEventV2 {
  requests += 1;
  const json = call.body === undefined ? undefined : JSON.stringify(call.body);
  const body = call.rawBody ?? json;
  return {
    version: "2.0",
    routeKey: match.routeKey,
    rawPath: decodePath(path),
    rawQueryString: new URLSearchParams(call.query).toString(),
    headers: { ...(json === undefined ? {} : { "content-type": "application/json" }), ...call.headers },
    ...(call.query ? { queryStringParameters: call.query } : {}),
    pathParameters: match.pathParameters,
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: call.isBase64Encoded ?? false,
    requestContext: {
      accountId: "000000000000",
      apiId: "test",
      domainName: "api.example.com",
      domainPrefix: "api",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "test" },
      requestId: `request-${requests}`,
      routeKey: match.routeKey,
      stage: "$default",
      time: "",
      timeEpoch: 0,
      ...(call.authorizer ? { authorizer: call.authorizer } : {}),
    },
  };
}
