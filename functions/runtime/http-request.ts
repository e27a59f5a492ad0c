import type { APIGatewayProxyEventV2 } from "aws-lambda";
import type { z } from "zod";
import { UserError } from "#shared/errors.ts";
import type { AnyContract } from "./http-contract.ts";

/** API Gateway's and Lambda's limits are megabytes; nothing that this API takes needs more than this. */
export const MAX_BODY_BYTES = 256 * 1024;

/** No body that the API takes is as deep, a page within a delivery of a hook included; what recurses overflows the stack at some thousands. */
const MAX_DEPTH = 500;

export type RawRequest = {
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
};

/**
 * The request's parts, parsed by the contract. Throws `UserError`: 400 `invalid_request` (naming each field) and
 * `malformed_json`, 404 for a malformed id, 413, 415.
 */
export function parseRequest(contract: AnyContract, event: APIGatewayProxyEventV2): RawRequest {
  const params = contract.params.safeParse(event.pathParameters ?? {});
  if (!params.success) throw idNotFound(params.error);
  return {
    params: params.data,
    query: parsePart("query", contract.query, event.queryStringParameters ?? {}),
    body: contract.body === null || contract.readsBodyItself ? undefined : readBody(contract, event),
  };
}

/** The body, parsed by the contract; throws as `parseRequest` does. */
export function readBody(contract: AnyContract, event: APIGatewayProxyEventV2): unknown {
  return contract.body === null ? undefined : parsePart("body", contract.body, readJson(event));
}

/** A malformed id is an id that does not exist. */
function idNotFound(error: z.ZodError): UserError {
  const name = String(error.issues[0]?.path[0] ?? "route");
  if (!name.endsWith("_id")) return new UserError(404, "route_not_found", "Route not found");
  return new UserError(404, `${name.slice(0, -3)}_not_found`, `Not found: ${name} is not a valid id`);
}

function parsePart<T>(part: "query" | "body", schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap((issue) => {
    const path = [part, ...issue.path].join(".");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: `${path}.${key.slice(0, 100)}`, message: "Unknown field" }));
  });
  const [first] = faults;
  throw new UserError(
    400,
    "invalid_request",
    `${first?.path}: ${first?.message}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}`,
    { details: { faults: faults.slice(0, 20) } },
  );
}

/** An empty body counts as `{}`: routes whose fields are all optional need none. */
function readJson(event: APIGatewayProxyEventV2): unknown {
  const bytes = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (bytes.length === 0) return {};
  if (bytes.length > MAX_BODY_BYTES) {
    throw new UserError(413, "body_too_large", `The body exceeds ${MAX_BODY_BYTES} bytes`);
  }
  const type = event.headers["content-type"] ?? "";
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1] ?? "utf-8";
  if (!/^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(type) || !/^utf-?8$/i.test(charset)) {
    throw new UserError(
      415,
      "unsupported_media_type",
      `Send the body in UTF-8 with Content-Type: application/json${type ? `, not ${type.slice(0, 100)}` : ""}`,
    );
  }
  const value = parseJson(bytes);
  if (isDeeperThan(MAX_DEPTH, value)) {
    throw new UserError(400, "invalid_request", `The body has more than ${MAX_DEPTH} levels`);
  }
  return value;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    // The parser's message quotes the body, which may hold a token.
    throw new UserError(400, "malformed_json", "The body is not JSON in UTF-8", { cause: error });
  }
}

function isDeeperThan(depth: number, value: unknown): boolean {
  let level = [value].filter(isNested);
  for (let passed = 0; passed < depth && level.length > 0; passed++) {
    level = level.flatMap((one) => Object.values(one).filter(isNested));
  }
  return level.length > 0;
}

function isNested(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
