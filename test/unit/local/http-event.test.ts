import { describe, expect, it } from "vitest";
import { toHttpEvent, type HttpRequest } from "#infra/local/runner/http-event.ts";

const request: HttpRequest = {
  method: "GET",
  path: "/api/confluence/s 1/pages",
  rawQueryString: "",
  headers: { host: ["localhost:3000"], "user-agent": ["test"] },
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
};
const route = { routeKey: "GET /api/confluence/{source_id}/pages", pathParameters: { source_id: "s 1" } };
const meta = { requestId: "r-1", now: new Date("2026-01-01T00:00:00Z"), caller: null };

describe("an API Gateway v2 event", () => {
  it("an API Gateway v2 event contains route, decoded path and request context", () => {
    expect(toHttpEvent(request, route, meta)).toEqual({
      version: "2.0",
      routeKey: route.routeKey,
      rawPath: "/api/confluence/s 1/pages",
      rawQueryString: "",
      headers: { host: "localhost:3000", "user-agent": "test" },
      pathParameters: { source_id: "s 1" },
      isBase64Encoded: false,
      requestContext: {
        accountId: "000000000000",
        apiId: "local",
        domainName: "localhost:3000",
        domainPrefix: "local",
        http: {
          method: "GET",
          path: "/api/confluence/s 1/pages",
          protocol: "HTTP/1.1",
          sourceIp: "127.0.0.1",
          userAgent: "test",
        },
        requestId: "r-1",
        routeKey: route.routeKey,
        stage: "$default",
        time: "2026-01-01T00:00:00.000Z",
        timeEpoch: 1767225600000,
      },
    });
  });

  it("an API Gateway v2 event joins repeated headers and query parameters with commas and keeps the raw query", () => {
    const event = toHttpEvent(
      {
        ...request,
        rawQueryString: "q=a%20b&status=current&status=failed&__proto__=x",
        headers: { "if-none-match": ['"a"', '"b"'] },
      },
      route,
      meta,
    );
    expect(event.rawQueryString).toBe("q=a%20b&status=current&status=failed&__proto__=x");
    expect(Object.entries(event.queryStringParameters ?? {})).toEqual([
      ["q", "a b"],
      ["status", "current,failed"],
      ["__proto__", "x"],
    ]);
    expect(event.headers["if-none-match"]).toBe('"a","b"');
  });

  it("an API Gateway v2 event has the cookies outside the headers", () => {
    const event = toHttpEvent({ ...request, headers: { cookie: ["a=1; b=2"] } }, route, meta);
    expect(event.cookies).toEqual(["a=1", "b=2"]);
    expect(event.headers).toEqual({});
  });

  it.each([
    ["application/json", false],
    ["application/problem+json; charset=utf-8", false],
    ["text/plain", false],
    ["application/octet-stream", true],
    [undefined, true],
  ])("an API Gateway v2 event has a body of type %s, as base64: %s", (type, encoded) => {
    const body = Buffer.from('{"ä":1}');
    const event = toHttpEvent(
      { ...request, body, headers: type ? { "content-type": [type] } : {} },
      route,
      meta,
    );
    expect(event.isBase64Encoded).toBe(encoded);
    expect(Buffer.from(event.body ?? "", encoded ? "base64" : "utf8")).toEqual(body);
  });
});
