import { isUtf8 } from "node:buffer";
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { z } from "zod";
import { LOCAL_ACCOUNT } from "./invoke.ts";

/** API Gateway passes these to the function as text, everything else as base64; invalid UTF-8 too, whatever its type. */
const TEXT_BODY = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded)|[^;]*\+(json|xml))/i;

export type HttpRequest = {
  method: string;
  /** Decoded, as HTTP APIs deliver it. */
  path: string;
  rawQueryString: string;
  headers: IncomingMessage["headersDistinct"];
  body: Buffer;
  sourceIp: string;
};

/** An HTTP API's event, payload format 2.0 (docs.aws.amazon.com/apigateway, "http-api-develop-integrations-lambda"). */
export function toHttpEvent(
  request: HttpRequest,
  route: { routeKey: string; pathParameters: Record<string, string> },
  meta: { requestId: string; now: Date; caller: { name: string; scopes: readonly string[] } | null },
): APIGatewayProxyEventV2 {
  const { cookie, ...others } = request.headers;
  const headers = Object.fromEntries(
    Object.entries(others).map(([name, values]) => [name, (values ?? []).join(",")]),
  );
  const isText =
    request.body.length === 0 || (TEXT_BODY.test(headers["content-type"] ?? "") && isUtf8(request.body));
  return {
    version: "2.0",
    routeKey: route.routeKey,
    rawPath: request.path,
    rawQueryString: request.rawQueryString,
    ...(cookie ? { cookies: cookie.flatMap((line) => line.split(/;\s*/)) } : {}),
    headers,
    ...(request.rawQueryString ? { queryStringParameters: queryParameters(request.rawQueryString) } : {}),
    ...(Object.keys(route.pathParameters).length > 0 ? { pathParameters: route.pathParameters } : {}),
    ...(request.body.length > 0 ? { body: request.body.toString(isText ? "utf8" : "base64") } : {}),
    isBase64Encoded: !isText,
    requestContext: {
      accountId: LOCAL_ACCOUNT,
      apiId: "local",
      domainName: headers.host ?? "localhost",
      domainPrefix: "local",
      http: {
        method: request.method,
        path: request.path,
        protocol: "HTTP/1.1",
        sourceIp: request.sourceIp,
        userAgent: headers["user-agent"] ?? "",
      },
      requestId: meta.requestId,
      routeKey: route.routeKey,
      stage: "$default",
      time: meta.now.toISOString(),
      timeEpoch: meta.now.getTime(),
      // As a Lambda authorizer of an HTTP API adds it.
      ...(meta.caller
        ? { authorizer: { lambda: { name: meta.caller.name, scopes: [...meta.caller.scopes] } } }
        : {}),
    },
  };
}

/** Repeated parameters are joined with commas. */
function queryParameters(rawQueryString: string): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const earlier = parameters.get(name);
    parameters.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(parameters);
}

const structured = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/** Writes a function's response; one without `statusCode` is the body of a 200, as with HTTP APIs. */
export function writeResult(response: ServerResponse, result: unknown): void {
  const isStructured = typeof result === "object" && result !== null && "statusCode" in result;
  const parsed = isStructured
    ? structured.parse(result)
    : {
        statusCode: 200,
        headers: { "content-type": "application/json" },
        body: typeof result === "string" ? result : JSON.stringify(result ?? null),
      };
  const body = Buffer.from(
    parsed.body ?? "",
    "isBase64Encoded" in parsed && parsed.isBase64Encoded ? "base64" : "utf8",
  );
  for (const [name, value] of Object.entries(parsed.headers ?? {})) response.setHeader(name, String(value));
  if ("cookies" in parsed && parsed.cookies) response.setHeader("set-cookie", parsed.cookies);
  // The body that a GET would have returned is not known here: its function sends no body.
  const empty = parsed.statusCode === 204 || parsed.statusCode === 304 || response.req.method === "HEAD";
  if (!empty) response.setHeader("content-length", body.length);
  response.writeHead(parsed.statusCode, STATUS_CODES[parsed.statusCode] ?? "");
  response.end(empty ? undefined : body);
}
