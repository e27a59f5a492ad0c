import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { z } from "zod";
import { contract, type Method } from "#functions/runtime/http-contract.ts";
import type { httpHandler } from "#functions/runtime/http.ts";
import { withServices, type Services } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

/** The contract of a route that returns how often it was called. */
export const things = (method: Method) =>
  contract({
    id: "things",
    method,
    paths: ["/things"],
    scope: "public",
    tag: "Things",
    summary: "Things",
    responses: { 200: z.object({ calls: z.int() }) },
    ...(method === "GET" ? {} : { body: z.strictObject({}) }),
  });

/** All of an event that the runtime looks at. */
export function eventOf(method: Method | "HEAD", body?: string, more: object = {}): APIGatewayProxyEventV2 {
  const event = {
    routeKey: `${method} /things`,
    rawPath: "/things",
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
    requestContext: { requestId: "r", http: { method, path: "/things" } },
    ...more,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return event as unknown as APIGatewayProxyEventV2;
}

/** Calls a handler as Lambda does, on these services and a log that is kept; returns its result and the lines. */
export async function callHandler(
  handler: ReturnType<typeof httpHandler>,
  event: APIGatewayProxyEventV2,
  { leftMs = 29_000, services = {} }: { leftMs?: number; services?: Partial<Services> } = {},
) {
  const lines: Record<string, unknown>[] = [];
  const log = makeLog(
    "info",
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    () => new Date(0),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const context = { getRemainingTimeInMillis: () => leftMs } as Context;
  const result = await withServices({ env: parseEnv({}), log, ...services }, () => handler(event, context));
  return { result, lines };
}
