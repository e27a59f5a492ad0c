import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { contract, type Method } from "#functions/runtime/http-contract.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { callHandler, eventOf, things } from "#test/support/call-handler.ts";

describe("a connection that died while the function was frozen", () => {
  const call = async (method: Method, code: string, scope: "public" | "search" = "public") => {
    let calls = 0;
    const handler = httpHandler(
      route(contract({ ...things(method), scope }))([], async () => {
        calls += 1;
        if (calls === 1) throw Object.assign(new Error("gone"), { code });
        return { status: 200, body: { calls } };
      }),
    );
    const { result } = await callHandler(handler, eventOf(method));
    return { status: result.statusCode, calls };
  };

  it("a connection that died while the function was frozen is retried once by a read-only request", async () => {
    expect(await call("GET", "CONNECTION_CLOSED")).toEqual({ status: 200, calls: 2 });
  });

  it("a search is posted, but only reads: it is retried too", async () => {
    expect(await call("POST", "CONNECTION_CLOSED", "search")).toEqual({ status: 200, calls: 2 });
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
  const answered = async (leftMs: number) =>
    (await callHandler(handler, eventOf("GET"), { leftMs })).result.statusCode;
  expect(await answered(500)).toBe(503);
  expect(await answered(29_000)).toBe(200);
});

it("a request for a route that the function does not serve finds none", async () => {
  const handler = httpHandler(route(things("GET"))([], async () => ({ status: 200, body: { calls: 1 } })));
  const { result } = await callHandler(handler, eventOf("POST", "{}"));
  expect(result.statusCode).toBe(404);
  expect(JSON.parse(result.body ?? "")).toMatchObject({ error: { code: "route_not_found" } });
});

it("a contract that says nothing more takes no fields and no body, and has no errors of its own", () => {
  const { id, method, paths, scope, tag, summary, responses } = things("GET");
  const plain = contract({ id, method, paths, scope, tag, summary, responses });
  expect(plain).toMatchObject({
    body: null,
    readsBodyItself: false,
    errors: [],
    errorShape: "standard",
    idempotent: false,
    examples: {},
  });
  for (const part of [plain.params, plain.query]) {
    expect(part.safeParse({}).success).toBe(true);
    expect(part.safeParse({ more: "1" }).success).toBe(false);
  }
});

describe("a function of several routes", () => {
  const fails = async () => {
    throw new UserError(404, "page_not_found", "No such page");
  };
  const other = contract({ ...things("POST"), paths: ["/others", "/more"], errorShape: "detail_text" });
  const handler = httpHandler(
    route(contract({ ...things("GET"), errorShape: "detail" }))([], fails),
    route(other)([], fails),
  );
  const bodyOf = async (method: Method | "HEAD", routeKey: string) => {
    const { result } = await callHandler(handler, eventOf(method, undefined, { routeKey }));
    return { status: result.statusCode, body: JSON.parse(result.body ?? "null") as unknown };
  };

  it.each<[Method, string, string, unknown]>([
    ["GET", "GET /things", "page_not_found", { error: "No such page" }],
    ["POST", "POST /others", "page_not_found", "No such page"],
    ["POST", "POST /more", "page_not_found", "No such page"],
    ["POST", "POST /things", "route_not_found", { error: "Route POST /things not found" }],
  ])(
    "%s: %s has errors in its own shape, and a route that is none in that of the first",
    async (method, routeKey, code, detail) => {
      expect(await bodyOf(method, routeKey)).toMatchObject({
        status: 404,
        body: { error: { code }, detail },
      });
    },
  );

  it("a HEAD is its GET without the body", async () => {
    expect(await bodyOf("HEAD", "HEAD /things")).toEqual({ status: 404, body: null });
  });
});

it("a route that reads its body itself gets it parsed, and its faults are the client's", async () => {
  const itself = contract({
    ...things("POST"),
    readsBodyItself: true,
    body: z.strictObject({ calls: z.int() }),
  });
  const handler = httpHandler(
    route(itself)([], async ({ body, readBody }) => {
      expect(body).toBeUndefined();
      return { status: 200, body: readBody() };
    }),
  );
  const send = async (body: string) => (await callHandler(handler, eventOf("POST", body))).result;
  expect((await send('{"calls":3}')).body).toBe('{"calls":3}');
  expect((await send('{"calls":"many"}')).statusCode).toBe(400);
});

it("a route knows who sent its request, and which of its callers may search everything", async () => {
  const open = contract({ ...things("GET"), responses: { 200: z.unknown() } });
  const clock: Provider<"queue"> = { name: "queue", build: () => ({ send: async () => {} }) };
  const handler = httpHandler(
    route(open)([clock], async ({ caller, headers, resourceId }, services) => ({
      status: 200,
      body: {
        actor: caller.actor,
        all: caller.scopes.has("search:all"),
        headers,
        resourceId,
        sends: "queue" in services,
      },
    })),
  );
  const userArn = "arn:aws:iam::1:user/ops";
  const requestContext = { requestId: "r", http: { method: "GET" }, authorizer: { iam: { userArn } } };
  const headers = { "x-api-key": "k" };
  const ask = async (env: Record<string, string>) => {
    const { result } = await callHandler(handler, eventOf("GET", undefined, { requestContext, headers }), {
      services: { env: parseEnv(env), newId: () => "new-id" },
    });
    return JSON.parse(result.body ?? "") as unknown;
  };
  const asked = { actor: userArn, headers, resourceId: "new-id", sends: true };
  expect(await ask({})).toEqual({ ...asked, all: false });
  expect(await ask({ SEARCH_ALL_CALLERS: userArn })).toEqual({ ...asked, all: true });
});
