import { describe, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { etagOf } from "#functions/runtime/etag.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { UserError } from "#shared/errors.ts";
import { callHandler, eventOf, things } from "#test/support/call-handler.ts";

describe("what a route returns", () => {
  const three = contract({
    ...things("GET"),
    responses: { 200: z.object({ calls: z.int() }), 201: z.object({ operation_id: z.string() }), 204: null },
  });
  type Answer =
    | { status: 200; body: { calls: number }; headers?: Record<string, string> }
    | { status: 201; body: { operation_id: string } }
    | { status: 204; headers?: Record<string, string> };
  const returned = async (answer: Answer, more: object = {}) =>
    callHandler(httpHandler(route(three)([], async () => answer)), eventOf("GET", undefined, more));

  it("a body is JSON of what the contract names, with an ETag and the request's id", async () => {
    const body = { calls: 1, secret: "not in the contract" };
    const { result } = await returned({ status: 200, body });
    expect(result).toMatchObject({
      statusCode: 200,
      body: '{"calls":1}',
      headers: {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "private, no-cache, must-revalidate",
        etag: etagOf('{"calls":1}'),
        "x-request-id": "r",
      },
    });
  });

  it("headers of the route come before those of every response", async () => {
    const headers = {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      location: "/x",
    };
    const { result } = await returned({ status: 200, body: { calls: 1 }, headers });
    expect(result.headers).toMatchObject(headers);
  });

  it("a response without a body has neither a type nor an ETag", async () => {
    const { result } = await returned({ status: 204, headers: { location: "/x" } });
    expect(result.statusCode).toBe(204);
    expect(result).not.toHaveProperty("body");
    expect(result.headers).toMatchObject({ location: "/x", "x-request-id": "r" });
    expect(result.headers).not.toHaveProperty("content-type");
    expect(result.headers).not.toHaveProperty("etag");
  });

  it("an ETag that the client has stands for the body and its type, and for no other header", async () => {
    const answer: Answer = { status: 200, body: { calls: 1 }, headers: { location: "/x" } };
    const { etag } = (await returned(answer)).result.headers ?? {};
    const { result } = await returned(answer, { headers: { "if-none-match": etag } });
    expect(result.statusCode).toBe(304);
    expect(result).not.toHaveProperty("body");
    expect(result.headers).toMatchObject({ etag, location: "/x", "x-request-id": "r" });
    expect(result.headers).not.toHaveProperty("content-type");
  });

  it("an ETag is for status 200 alone", async () => {
    const { result } = await returned(
      { status: 201, body: { operation_id: "o" } },
      { headers: { "if-none-match": "*" } },
    );
    expect([result.statusCode, result.headers?.["etag"]]).toEqual([201, undefined]);
  });

  it("a body that does not match the contract is an error inside, which is logged", async () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { result, lines } = await returned({ status: 200, body: { calls: "many" } } as unknown as Answer);
    expect(result.statusCode).toBe(500);
    expect(lines).toMatchObject([{ level: "ERROR", event: "request.failed", code: "internal_error" }]);
    expect(lines[0]).toHaveProperty("error");
  });
});

describe("the log line of a request", () => {
  const operation = contract({ ...things("GET"), responses: { 200: z.unknown() } });
  const lineOf = async (body: unknown, more: object = {}) => {
    const handler = httpHandler(route(operation)([], async () => ({ status: 200, body })));
    const { lines } = await callHandler(handler, eventOf("GET", undefined, more));
    expect(lines).toHaveLength(1);
    return lines[0] ?? {};
  };

  it("the log line of a request of nobody says what was asked and how it ended, and names no actor", async () => {
    const line = await lineOf({ calls: 1 });
    expect(line).toMatchObject({
      level: "INFO",
      event: "request.completed",
      request_id: "r",
      method: "GET",
      route: "GET /things",
      status: 200,
      duration_ms: expect.any(Number) as number,
    });
    for (const field of ["actor", "source_id", "operation_id", "code", "error"])
      expect(line).not.toHaveProperty(field);
  });

  it("the log line of a request names who asked, and for which source", async () => {
    const authorizer = { lambda: { name: "chat", scopes: [] } };
    const requestContext = { requestId: "r", http: { method: "GET" }, authorizer };
    expect(await lineOf(null, { requestContext, pathParameters: {} })).toMatchObject({ actor: "key:chat" });
  });

  it.each<[string, unknown, string | undefined]>([
    ["that its response names", { operation_id: "o-1" }, "o-1"],
    ["of nothing when the response is a list", [{ operation_id: "o-1" }], undefined],
    ["of nothing when the response is a text", "operation_id", undefined],
    ["of nothing when the response is null", null, undefined],
    ["of nothing when the response has none yet", { operation_id: null }, undefined],
    ["of nothing when the response counts them", { operation_id: 7 }, undefined],
  ])("the log line of a request has the operation %s", async (_, body, id) => {
    expect((await lineOf(body))["operation_id"]).toBe(id);
  });

  it("the log line of a request says how long it took", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const handler = httpHandler(
      route(operation)([], async () => {
        vi.advanceTimersByTime(250);
        return { status: 200, body: {} };
      }),
    );
    expect((await callHandler(handler, eventOf("GET"))).lines).toMatchObject([{ duration_ms: 250 }]);
  });

  it("the log line of a request that is about an operation has the operation of its path", async () => {
    const one = contract({
      ...operation,
      params: z.object({ operation_id: z.string(), source_id: z.string() }),
    });
    const handler = httpHandler(route(one)([], async () => ({ status: 200, body: {} })));
    const pathParameters = { operation_id: "o-2", source_id: "docs" };
    const { lines } = await callHandler(handler, eventOf("GET", undefined, { pathParameters }));
    expect(lines).toMatchObject([{ operation_id: "o-2", source_id: "docs" }]);
  });

  it("the log line of a request that the client got wrong has the code, and no error", async () => {
    const handler = httpHandler(
      route(operation)([], async () => {
        throw new UserError(409, "source_exists", "There is one");
      }),
    );
    const { lines } = await callHandler(handler, eventOf("GET"));
    expect(lines).toMatchObject([
      { level: "INFO", event: "request.completed", status: 409, code: "source_exists" },
    ]);
    expect(lines[0]).not.toHaveProperty("error");
  });
});
