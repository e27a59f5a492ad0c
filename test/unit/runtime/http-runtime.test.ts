import { setTimeout as delay } from "node:timers/promises";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { matchesEtag } from "#functions/runtime/etag.ts";
import { contract, type ErrorShape, type Method } from "#functions/runtime/http-contract.ts";
import { errorResponse } from "#functions/runtime/http-errors.ts";
import { MAX_BODY_BYTES, parseRequest } from "#functions/runtime/http-request.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { resolveServices, withServices, type Provider } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { makeLog } from "#shared/log.ts";

const base = {
  env: parseEnv({}),
  log: makeLog(
    "silent",
    () => {},
    () => new Date(0),
  ),
};

const things = (method: Method) =>
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
function eventOf(method: Method, body?: string): APIGatewayProxyEventV2 {
  const event = {
    routeKey: `${method} /things`,
    rawPath: "/things",
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
    requestContext: { requestId: "r", http: { method, path: "/things" } },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return event as unknown as APIGatewayProxyEventV2;
}

describe("a connection that died while the function was frozen", () => {
  const call = async (method: Method, code: string) => {
    let calls = 0;
    const handler = httpHandler(
      route(things(method))([], async () => {
        calls += 1;
        if (calls === 1) throw Object.assign(new Error("gone"), { code });
        return { status: 200, body: { calls } };
      }),
    );
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const context = { getRemainingTimeInMillis: () => 29_000 } as Context;
    const result = await withServices(base, () => handler(eventOf(method), context));
    return { status: result.statusCode, calls };
  };

  it("a connection that died while the function was frozen is retried once by a read-only request", async () => {
    expect(await call("GET", "CONNECTION_CLOSED")).toEqual({ status: 200, calls: 2 });
  });

  it.each<[Method, string]>([
    ["POST", "CONNECTION_CLOSED"],
    ["PATCH", "CONNECTION_CLOSED"],
    ["DELETE", "CONNECTION_CLOSED"],
    ["GET", "CONNECT_TIMEOUT"],
  ])(
    "a connection that died is not retried by %s after %s: the request may have taken effect",
    async (method, code) => {
      expect(await call(method, code)).toEqual({ status: 503, calls: 1 });
    },
  );
});

it("a request whose time is nearly over gets a response before the function ends", async () => {
  const handler = httpHandler(
    route(things("GET"))([], async () => {
      await delay(200);
      return { status: 200, body: { calls: 1 } };
    }),
  );
  const answered = async (leftMs: number) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const context = { getRemainingTimeInMillis: () => leftMs } as Context;
    return (await withServices(base, () => handler(eventOf("GET"), context))).statusCode;
  };
  expect(await answered(500)).toBe(503);
  expect(await answered(29_000)).toBe(200);
});

it("a request for a route that the function does not serve finds none", async () => {
  const handler = httpHandler(route(things("GET"))([], async () => ({ status: 200, body: { calls: 1 } })));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const context = { getRemainingTimeInMillis: () => 29_000 } as Context;
  const result = await withServices(base, () => handler(eventOf("POST", "{}"), context));
  expect(result.statusCode).toBe(404);
  expect(JSON.parse(result.body ?? "")).toMatchObject({ error: { code: "route_not_found" } });
});

describe("a body", () => {
  const sized = (bytes: number) =>
    parseRequest(things("POST"), eventOf("POST", `{${" ".repeat(bytes - 2)}}`));

  it("a body may have the maximum number of bytes, and not one more", () => {
    expect(sized(MAX_BODY_BYTES).body).toEqual({});
    expect(() => sized(MAX_BODY_BYTES + 1)).toThrow(expect.objectContaining({ status: 413 }));
  });
});

describe("a request that does not match its contract", () => {
  const search = contract({
    ...things("POST"),
    query: z.strictObject({ limit: z.coerce.number().int().optional() }),
    body: z.strictObject({ name: z.string(), kind: z.enum(["a", "b"]).optional() }),
  });
  const faultsOf = (body: unknown, query: Record<string, string> = {}) => {
    const event = { ...eventOf("POST", JSON.stringify(body)), queryStringParameters: query };
    try {
      parseRequest(search, event);
    } catch (error) {
      if (error instanceof UserError) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const faults = error.details?.["faults"] as { path: string; message: string }[];
        return { message: error.message, paths: faults.map(({ path }) => path) };
      }
      throw error;
    }
    return null;
  };

  it("a request that matches its contract is parsed, with the defaults of what it leaves out", () => {
    expect(parseRequest(search, eventOf("POST", '{"name":"x"}'))).toEqual({
      params: {},
      query: {},
      body: { name: "x" },
    });
  });

  it("a single fault of a request is the message", () => {
    expect(faultsOf({ name: 1 })).toEqual({
      message: expect.stringMatching(/^body\.name: [^(]+$/),
      paths: ["body.name"],
    });
  });

  it("further faults of a request are counted, and named one by one", () => {
    expect(faultsOf({ name: 1, kind: "c", more: true, ["k".repeat(200)]: 1 })).toEqual({
      message: expect.stringMatching(/^body\.name: .* \(and 3 more\)$/),
      paths: ["body.name", "body.kind", "body.more", `body.${"k".repeat(100)}`],
    });
  });

  it("a request with very many faults names twenty of them", () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`field${n}`, n]));
    const faults = faultsOf({ name: "x", ...unknown });
    expect(faults?.paths).toHaveLength(20);
    expect(faults?.message).toMatch(/\(and 29 more\)$/);
  });

  it.each([
    ["source_id", "source_not_found"],
    ["operation_id", "operation_not_found"],
    ["letter", "route_not_found"],
  ])("a malformed %s in the path is %s", (name, code) => {
    const one = contract({ ...things("GET"), params: z.object({ [name]: z.string().max(3) }) });
    const event = { ...eventOf("GET"), pathParameters: { [name]: "much too long" } };
    expect(() => parseRequest(one, event)).toThrow(expect.objectContaining({ status: 404, code }));
  });

  it("faults of the query are named as such", () => {
    expect(faultsOf({ name: "x" }, { limit: "many" })?.paths).toEqual(["query.limit"]);
  });
});

describe("an error", () => {
  it("a configuration error tells the client nothing about it", () => {
    const error = new UserError(500, "secret_unreadable", "Secret arn:aws:x cannot be read", {
      details: { arn: "arn:aws:x" },
    });
    const { response, fault } = errorResponse(error, "standard", "r1");
    expect(JSON.stringify(response)).not.toContain("arn:aws");
    expect([response.status, fault]).toEqual([500, true]);
  });

  it("an error that the client can fix says how", () => {
    const { response, fault } = errorResponse(
      new UserError(422, "wrong_space", "Not that one"),
      "standard",
      "r1",
    );
    expect(response).toMatchObject({ status: 422, body: { error: { code: "wrong_space" } } });
    expect(fault).toBe(false);
  });
});

it.each<[string, unknown, string | undefined]>([
  ["that passes says when to try again", new UserError(503, "timeout", "Too late"), "2"],
  [
    "that says how long it lasts, says it to the client",
    new UserError(503, "confluence_rate_limited", "Wait", { details: { retry_after_seconds: 7 } }),
    "7",
  ],
  ["of a lost database says when to try again", Object.assign(new Error(), { code: "57P01" }), "2"],
  ["that does not pass asks for no other attempt", new UserError(409, "source_exists", "No"), undefined],
  ["inside asks for no other attempt", new Error("A bug"), undefined],
])("an error %s", (_, error, retryAfter) => {
  expect(errorResponse(error, "standard", "r1").response.headers["retry-after"]).toBe(retryAfter);
});

it("an error has the format that the route's clients know", () => {
  const error = new UserError(404, "page_not_found", "Page 1 not found", { details: { page: "1" } });
  const shown = { code: "page_not_found", message: "Page 1 not found", details: { page: "1" } };
  const bodyOf = (shape: ErrorShape) => errorResponse(error, shape, "r1").response.body;
  expect(bodyOf("standard")).toEqual({ error: shown });
  expect(bodyOf("detail")).toEqual({ error: shown, detail: { error: shown.message } });
  expect(bodyOf("detail_text")).toEqual({ error: shown, detail: shown.message });
  expect(bodyOf("error_text")).toEqual({
    error: shown.message,
    error_details: shown,
    detail: { error: shown.message },
  });
});

describe("a list that is read on", () => {
  const position = z.tuple([z.string()]);

  it("a list has no next page when its rows end at its limit", () => {
    const read = (count: number) => pageOf("things", "abcdef".slice(0, count).split(""), 3, (row) => [row]);
    expect(read(3)).toEqual({ rows: ["a", "b", "c"], nextCursor: null });
    const { rows, nextCursor } = read(4);
    expect(rows).toEqual(["a", "b", "c"]);
    expect(readCursor("things", position, nextCursor ?? "")).toEqual(["c"]);
  });

  it("a list refuses another list's cursor", () => {
    const { nextCursor } = pageOf("things", ["a", "b"], 1, (row) => [row]);
    expect(() => readCursor("others", position, nextCursor ?? "")).toThrow(
      expect.objectContaining({ status: 400, code: "invalid_cursor" }),
    );
  });
});

it("any ETag matches a star", () => {
  expect([matchesEtag("*", '"a"'), matchesEtag(" * ", '"a"'), matchesEtag('"*"', '"a"')]).toEqual([
    true,
    true,
    false,
  ]);
});

it("a service that could not be built is built again by the next invocation, and then kept", async () => {
  let builds = 0;
  const provider: Provider<"cipher"> = {
    name: "cipher",
    build: async () => {
      builds += 1;
      if (builds === 1) throw new Error("no key yet");
      return { encrypt: async (token) => token, decrypt: async (token) => token };
    },
  };
  const resolve = () => withServices(base, () => resolveServices([provider]));
  await expect(resolve()).rejects.toThrow("no key yet");
  expect((await resolve()).cipher).toBe((await resolve()).cipher);
  expect(builds).toBe(2);
});
