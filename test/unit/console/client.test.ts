import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { ApiError, isMissingRoute, remedyFor } from "#infra/console/api/api-error.ts";
import { makeClient } from "#infra/console/api/client.ts";
import { makeEtagCache } from "#infra/console/api/etag-cache.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => void;
let close = async () => {};
afterEach(() => close());

async function serve(handle: Handle) {
  const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    seen.push({
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    });
    handle(request, response);
  };
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  let key: string | null = null;
  const client = makeClient({ fetch, base, key: () => key });
  return { seen, client, useKey: (next: string | null) => (key = next) };
}

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

describe("calls of the console", () => {
  it("fills in path and query, escaped, and leaves out what is not set", async () => {
    const { client, seen } = await serve((_, response) => json(response, 200, {}));
    await client.call("listPages", {
      params: { source_id: "a/b?c" },
      query: { q: "x&y", status: undefined, cursor: "" },
    });
    await client.call("triggerSync", {
      params: { source_id: "s" },
      body: { mode: "full" },
      idempotencyKey: "k1",
    });
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /api/confluence/a%2Fb%3Fc/pages?q=x%26y",
      "POST /api/confluence/s/sync",
    ]);
    expect(seen[1]).toMatchObject({
      body: '{"mode":"full"}',
      headers: { "content-type": "application/json", "idempotency-key": "k1" },
    });
  });

  it("a list that has not changed is the same object, and its body is not sent again", async () => {
    let tag = '"1"';
    const { client, seen } = await serve((request, response) =>
      request.headers["if-none-match"] === tag
        ? response.writeHead(304, { etag: tag }).end()
        : json(response, 200, { sources: [tag], next_cursor: null }, { etag: tag }),
    );
    const first = await client.call("listSources", {});
    expect(await client.call("listSources", {})).toBe(first);
    tag = '"2"';
    expect(await client.call("listSources", {})).toEqual({ sources: ['"2"'], next_cursor: null });
    expect(seen.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, '"1"', '"1"']);
  });

  it("with another key nothing that was read with the last one is used", async () => {
    const { client, seen, useKey } = await serve((_, response) => json(response, 200, {}, { etag: '"1"' }));
    useKey("first");
    await client.call("listSites", {});
    useKey("second");
    client.forget();
    await client.call("listSites", {});
    expect(seen.map(({ headers }) => [headers["x-api-key"], headers["if-none-match"]])).toEqual([
      ["first", undefined],
      ["second", undefined],
    ]);
  });

  it.each([
    ["standard", { error: { code: "operation_running", message: "busy", details: { operation_id: "o" } } }],
    [
      "Archon's",
      {
        error: "busy",
        error_details: { code: "operation_running", message: "busy", details: { operation_id: "o" } },
        detail: {},
      },
    ],
  ])("an error in the %s shape has code, message, details and request id", async (_, body) => {
    const { client } = await serve((_, response) =>
      json(response, 409, body, { "x-request-id": "r1", "retry-after": "3" }),
    );
    const error = await client
      .call("getSource", { params: { source_id: "s" } })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 409,
      code: "operation_running",
      message: "busy",
      details: { operation_id: "o" },
      requestId: "r1",
      retryAfter: 3,
    });
  });

  it("API Gateway's own errors, and what is no API at all, are said too", async () => {
    let page = false;
    const { client } = await serve((_, response) =>
      page ? response.writeHead(200).end("<html>") : json(response, 403, { message: "Forbidden" }),
    );
    await expect(client.call("health", {})).rejects.toMatchObject({ code: "http_403", message: "Forbidden" });
    page = true;
    await expect(client.call("health", {})).rejects.toMatchObject({ code: "not_json" });
  });

  it("a service that is down is unreachable, with what to do", async () => {
    const { client } = await serve(() => {});
    await close();
    const error = await client.call("health", {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 0, code: "service_unreachable" });
    expect(remedyFor(error as ApiError)).toContain("Check that the service runs");
  });

  it("who lacks the scope that shows all text is told how it is given, on AWS too", () => {
    const lacks = (scope: string) =>
      remedyFor(new ApiError(403, { code: "scope_required", message: "", details: { scope } }));
    expect(lacks("search:all")).toContain("-c searchAllCallers=ARN");
    expect(lacks("sources:write")).toBe("Use a key or a role that has the scope.");
  });

  it("a route that the service lacks is told from a thing that is not found", () => {
    const error = (code: string) => new ApiError(404, { code, message: "" });
    expect([
      isMissingRoute(error("route_not_found")),
      isMissingRoute(error("page_not_found")),
      isMissingRoute(null),
    ]).toEqual([true, false, false]);
  });
});

it("of remembered responses the one that was not used for longest is forgotten", () => {
  const cache = makeEtagCache(2);
  cache.keep("a", '"1"', "A");
  cache.keep("b", '"2"', "B");
  expect(cache.bodyOf("a")).toBe("A");
  cache.keep("c", '"3"', "C");
  expect([cache.tagOf("a"), cache.tagOf("b"), cache.tagOf("c")]).toEqual(['"1"', undefined, '"3"']);
});
