import { createHash } from "node:crypto";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readApiKeys, type ApiKey } from "#infra/local/runner/api-keys.ts";
import { makeEventBus } from "#infra/local/runner/event-bus.ts";
import { MAX_REQUEST_BYTES, startGateway, type Gateway } from "#infra/local/runner/gateway.ts";
import { makeInvoker, type Handler } from "#infra/local/runner/invoke.ts";
import type { Topology } from "#infra/local/runner/topology-types.ts";
import { makeLog } from "#shared/log.ts";

const now = () => new Date("2026-01-01T00:00:00Z");
const log = makeLog("silent", () => {}, now);
const aws = { region: "us-east-1", credentials: { accessKeyId: "k3y", secretAccessKey: "secret" } };

const handlers = new Map<string, Handler>([
  ["echo", (event) => ({ statusCode: 200, headers: { "x-echo": "1" }, body: JSON.stringify(event) })],
  ["bare", () => ({ fine: true })],
  ["not-modified", () => ({ statusCode: 304, headers: { etag: '"a"' }, body: "" })],
  [
    "binary",
    () => ({ statusCode: 200, body: Buffer.from([0, 255]).toString("base64"), isBase64Encoded: true }),
  ],
  ["cookies", () => ({ statusCode: 204, cookies: ["a=1", "b=2"] })],
  ["broken", () => Promise.reject(new TypeError("of no use to a caller"))],
  ["nonsense", () => ({ statusCode: "many" })],
]);
const routes: Topology["routes"] = [
  ...[...handlers.keys()].map(
    (name) => ({ method: "GET", path: `/${name}`, function: name, scope: "search" }) as const,
  ),
  { method: "POST", path: "/things/{id}", function: "echo", scope: "sources:write" },
  { method: "GET", path: "/open", function: "echo", scope: "public" },
  { method: "POST", path: "/deliveries", function: "echo", scope: "hook" },
];

async function start(
  apiKeys: readonly ApiKey[] = [],
): Promise<Gateway & { recent: () => readonly unknown[] }> {
  const functions = Object.fromEntries(
    [...handlers.keys()].map((name) => [name, { entry: "", timeoutSeconds: 29, memoryMb: 128 }]),
  );
  let ids = 0;
  const newId = () => `request-${(ids += 1)}`;
  const invoker = makeInvoker({ functions, handlers, services: {}, log, newId });
  const eventBus = makeEventBus(log, now);
  const gateway = await startGateway({ port: 0, routes, invoker, eventBus, apiKeys, log, now, newId });
  return { ...gateway, recent: eventBus.recent };
}

describe("the gateway", () => {
  let gateway: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  const get = (path: string, init?: RequestInit) => fetch(`${gateway.url}${path}`, init);
  const event = async (response: Response): Promise<APIGatewayProxyEventV2> =>
    JSON.parse(await response.text());

  it("the gateway listens on loopback only", () => {
    expect(new URL(gateway.url).hostname).toBe("127.0.0.1");
  });

  it("the gateway passes a request as an API Gateway v2 event", async () => {
    const response = await get("/things/a%2Fb%20c?limit=5&limit=6", {
      method: "POST",
      headers: { "content-type": "application/json", "x-trace": "t" },
      body: '{"a":"ä"}',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-echo")).toBe("1");
    const sent = await event(response);
    expect(sent).toMatchObject({
      version: "2.0",
      routeKey: "POST /things/{id}",
      rawPath: "/things/a/b c",
      rawQueryString: "limit=5&limit=6",
      queryStringParameters: { limit: "5,6" },
      pathParameters: { id: "a/b c" },
      body: '{"a":"ä"}',
      isBase64Encoded: false,
      requestContext: { http: { method: "POST", sourceIp: "127.0.0.1" }, stage: "$default" },
    });
    expect(sent.headers["x-trace"]).toBe("t");
    expect(response.headers.get("apigw-requestid")).toBe(sent.requestContext.requestId);
  });

  it("the gateway passes a binary body as base64", async () => {
    const body = new Uint8Array([0, 1, 254, 255]);
    const sent = await event(await get("/things/x", { method: "POST", body }));
    expect(sent.isBase64Encoded).toBe(true);
    expect([...Buffer.from(sent.body ?? "", "base64")]).toEqual([...body]);
  });

  it("the gateway returns the function's status, headers, cookies and body, including a binary one", async () => {
    const binary = await get("/binary");
    expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 255]);
    const cookies = await get("/cookies");
    expect(cookies.status).toBe(204);
    expect(cookies.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const notModified = await get("/not-modified");
    expect([notModified.status, notModified.headers.get("etag"), await notModified.text()]).toEqual([
      304,
      '"a"',
      "",
    ]);
    const bare = await get("/bare");
    expect([bare.status, await bare.json()]).toEqual([200, { fine: true }]);
  });

  it("the gateway returns 404 in the error format for an unknown route", async () => {
    for (const response of [await get("/nothing"), await get("/things/x/y", { method: "POST" })]) {
      expect(response.status).toBe(404);
      const message = expect.stringContaining("not found");
      expect(await response.json()).toEqual({
        error: { code: "route_not_found", message },
        detail: { error: message },
      });
    }
  });

  it("the gateway returns 405 with the methods that a path accepts for any other method", async () => {
    for (const [path, method, allowed] of [
      ["/open", "DELETE", "GET, HEAD"],
      ["/open", "OPTIONS", "GET, HEAD"],
      ["/things/x", "GET", "POST"],
      ["/things/x", "HEAD", "POST"],
    ] as const) {
      const response = await get(path, { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
      if (method === "HEAD") continue;
      expect(await response.json()).toMatchObject({
        error: { code: "method_not_allowed" },
        detail: { error: expect.stringContaining(allowed) },
      });
    }
  });

  it("the gateway responds to HEAD as to GET without the body", async () => {
    const head = await get("/echo", { method: "HEAD" });
    expect([head.status, head.headers.get("x-echo"), await head.text()]).toEqual([200, "1", ""]);
    expect((await get("/docs", { method: "HEAD" })).status).toBe(200);
  });

  it("the gateway responds to an unreadable request in the error format", async () => {
    const raw = async (request: string) => {
      const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
      socket.write(request);
      return (await text(socket)).split("\r\n\r\n");
    };
    const [head, body] = await raw(`GET /open?url=${"x".repeat(17_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    expect(head).toMatch(/^HTTP\/1.1 431 /);
    expect(JSON.parse(body ?? "")).toMatchObject({
      error: { code: "headers_too_large", message: expect.stringContaining("16 KB") },
    });
    const [malformed, why] = await raw("NONSENSE\r\n\r\n");
    expect(malformed).toMatch(/^HTTP\/1.1 400 /);
    expect(JSON.parse(why ?? "")).toMatchObject({ error: { code: "malformed_request" } });
  });

  it("the gateway passes a body that claims to be JSON but is not UTF-8 as bytes", async () => {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const headers = { "content-type": "application/json" };
    const sent = await event(await get("/things/x", { method: "POST", body, headers }));
    expect(sent.isBase64Encoded).toBe(true);
    expect(Buffer.from(sent.body ?? "", "base64").equals(body)).toBe(true);
  });

  it.each(["/broken", "/nonsense"])(
    "the gateway returns 500 without details when the function of %s fails",
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ error: { code: "internal_error" } });
      expect(text).not.toContain("of no use");
    },
  );

  it("the gateway rejects a body over Lambda's limit, with or without a Content-Length, and still responds", async () => {
    const large = "x".repeat(MAX_REQUEST_BYTES + 1);
    const announced = await get("/things/x", { method: "POST", body: large });
    expect(announced.status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(large));
        controller.close();
      },
    });
    const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    const unannounced = await get("/things/x", init).then(
      (response) => response.status,
      // The connection may close while the rest is still being sent.
      () => 413,
    );
    expect(unannounced).toBe(413);
    expect((await get("/bare")).status).toBe(200);
  });

  it("the gateway rejects a page of another origin", async () => {
    const response = await get("/bare", { headers: { origin: "https://evil.example" } });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: "foreign_origin" } });
  });

  it("the gateway lets deliveries of hooks in from anywhere: their function asks for the secret", async () => {
    const headers = { origin: "https://evil.example" };
    expect((await get("/deliveries", { method: "POST", headers })).status).toBe(200);
  });

  it("the gateway reports which port is taken and what to do", async () => {
    const port = Number(new URL(gateway.url).port);
    const second = startGateway({
      port,
      routes: [],
      invoker: makeInvoker({ functions: {}, handlers: new Map(), services: {}, log, newId: () => "" }),
      eventBus: makeEventBus(log, now),
      apiKeys: [],
      log,
      now,
      newId: () => "",
    });
    await expect(second).rejects.toThrow(`Port ${port} cannot be used (EADDRINUSE)`);
  });

  it("the gateway is a Lambda endpoint for the real client", async () => {
    const lambda = new LambdaClient({ ...aws, endpoint: gateway.url });
    const answered = await lambda.send(new InvokeCommand({ FunctionName: "bare", Payload: "{}" }));
    expect(answered.StatusCode).toBe(200);
    expect(answered.FunctionError).toBeUndefined();
    expect(JSON.parse(answered.Payload?.transformToString() ?? "")).toEqual({ fine: true });

    const failed = await lambda.send(new InvokeCommand({ FunctionName: "broken" }));
    expect(failed.FunctionError).toBe("Unhandled");
    expect(JSON.parse(failed.Payload?.transformToString() ?? "")).toEqual({
      errorType: "TypeError",
      errorMessage: "of no use to a caller",
    });

    const later = await lambda.send(new InvokeCommand({ FunctionName: "echo", InvocationType: "Event" }));
    expect(later.StatusCode).toBe(202);
    await expect(lambda.send(new InvokeCommand({ FunctionName: "missing" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(
      lambda.send(new InvokeCommand({ FunctionName: "echo", Payload: "{" })),
    ).rejects.toMatchObject({ name: "InvalidRequestContentException" });
    lambda.destroy();
  });

  it("the gateway accepts events from the real EventBridge client, and reports rejected ones", async () => {
    const eventBridge = new EventBridgeClient({ ...aws, endpoint: gateway.url });
    const entry = { Source: "confluence-sync", DetailType: "sync.completed", Detail: '{"source_id":"s"}' };
    const answer = await eventBridge.send(
      new PutEventsCommand({ Entries: [entry, { ...entry, Detail: "[]" }, { Source: "x" }] }),
    );
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries).toEqual([
      { EventId: expect.any(String) },
      expect.objectContaining({ ErrorCode: "MalformedDetail" }),
      expect.objectContaining({ ErrorCode: "InvalidArgument" }),
    ]);
    expect(gateway.recent()).toEqual([
      {
        id: answer.Entries?.[0]?.EventId,
        source: "confluence-sync",
        type: "sync.completed",
        detail: { source_id: "s" },
        at: now(),
      },
    ]);
    await expect(eventBridge.send(new PutEventsCommand({ Entries: [] }))).rejects.toMatchObject({
      name: "ValidationException",
    });
    eventBridge.destroy();
  });
});

describe("the gateway with an API key", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await start(readApiKeys({ API_KEY: "k3y", API_KEYS_FILE: undefined }));
  });
  afterAll(() => gateway.close());

  it("with an API key the gateway requires it on all routes except public ones", async () => {
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${gateway.url}${path}`, { headers })).status;
    expect(await status("/open")).toBe(200);
    expect(await status("/bare")).toBe(401);
    expect(await status("/nothing")).toBe(401);
    expect(await status("/bare", { "x-api-key": "k3y" })).toBe(200);
    expect(await status("/bare", { authorization: "Bearer wrong" })).toBe(401);
  });

  it("the console needs no key, as it holds no data, and is sent again only when it changed", async () => {
    const page = await fetch(`${gateway.url}/console`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("/console/app.js")]);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const headers = { "if-none-match": page.headers.get("etag") ?? "" };
    const again = await fetch(`${gateway.url}/console`, { headers });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect((await fetch(`${gateway.url}/console`, { method: "POST" })).status).toBe(401);
    expect((await fetch(`${gateway.url}/console/package.json`)).status).toBe(401);
  });

  it("with an API key the gateway accepts AWS clients that send it as their access key id", async () => {
    const lambda = new LambdaClient({ ...aws, endpoint: gateway.url });
    const answer = await lambda.send(new InvokeCommand({ FunctionName: "bare" }));
    expect(answer.StatusCode).toBe(200);
    const other = { accessKeyId: "other", secretAccessKey: "secret" };
    const stranger = new LambdaClient({ ...aws, endpoint: gateway.url, credentials: other });
    await expect(stranger.send(new InvokeCommand({ FunctionName: "bare" }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 401 },
    });
    lambda.destroy();
    stranger.destroy();
  });
});

describe("the gateway with several API keys", () => {
  let gateway: Gateway;
  const digest = (key: string) => createHash("sha256").update(key).digest("hex");
  beforeAll(async () => {
    gateway = await start([
      { name: "chat", sha256: digest("chat-key"), scopes: ["search", "search:on-behalf-of"] },
      { name: "reports", sha256: digest("reports-key"), scopes: ["search:all"] },
      { name: "operator", sha256: digest("operator-key"), scopes: ["sources:read", "sources:write"] },
    ]);
  });
  afterAll(() => gateway.close());

  const call = (key: string, path: string, method = "GET") =>
    fetch(`${gateway.url}${path}`, { method, headers: { "x-api-key": key } });

  it("of several API keys each may call the routes of its scopes, and the function is told which it was", async () => {
    const found = await call("chat-key", "/echo");
    const event = (await found.json()) as { requestContext: { authorizer?: unknown } };
    expect(event.requestContext.authorizer).toEqual({
      lambda: { name: "chat", scopes: ["search", "search:on-behalf-of"] },
    });
    expect((await call("reports-key", "/echo")).status).toBe(200);
    const refused = await call("operator-key", "/echo");
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { error: { code: "scope_required" } },
    ]);
    expect((await call("operator-key", "/things/1", "POST")).status).toBe(200);
    expect((await call("chat-key", "/things/1", "POST")).status).toBe(403);
    expect((await call("nobodys-key", "/echo")).status).toBe(401);
    expect((await call("nobodys-key", "/open")).status).toBe(200);
  });

  it("a key that lacks a scope cannot invoke functions, which would let it say that it has any", async () => {
    for (const key of ["chat-key", "reports-key", "operator-key"]) {
      const lambda = new LambdaClient({
        ...aws,
        endpoint: gateway.url,
        credentials: { accessKeyId: key, secretAccessKey: "secret" },
      });
      await expect(lambda.send(new InvokeCommand({ FunctionName: "bare" }))).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      });
      lambda.destroy();
    }
  });

  it("a client cannot say who it is by a header of its own", async () => {
    const response = await fetch(`${gateway.url}/echo`, {
      headers: { "x-api-key": "chat-key", "x-authorizer": "operator", authorization: "" },
    });
    const event = (await response.json()) as {
      requestContext: { authorizer?: { lambda: { name: string } } };
    };
    expect(event.requestContext.authorizer?.lambda.name).toBe("chat");
  });
});
