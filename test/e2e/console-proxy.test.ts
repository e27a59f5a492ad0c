import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MAX_BODY_BYTES, startConsoleProxy, type ConsoleProxy } from "#infra/local/console/console-proxy.ts";

type Seen = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

const seen: Seen[] = [];
let reply: (request: Seen, response: ServerResponse) => void;
const server = createServer((request, response) => void receive(request, response));

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { method = "", url = "", headers } = request;
  const one = { method, url, headers, body: Buffer.concat(parts).toString() };
  seen.push(one);
  reply(one, response);
}
let api = "";
let proxy: ConsoleProxy;
let base = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  api = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  proxy = await startConsoleProxy({ api: `${api}/stage`, apiKey: "operators-key", aws: false, port: 0 });
  base = new URL(proxy.url).origin;
});
beforeEach(() => {
  seen.length = 0;
  reply = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end("{}");
});
afterAll(async () => {
  await proxy.close();
  server.close();
});

/** As `fetch` may not: any header, any path. */
function raw(
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> },
) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { port } = new URL(base);
    const sent = send({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => (body += part.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the console's proxy", () => {
  it("serves the console, and forwards its calls with the operator's key, which the browser never has", async () => {
    expect(await (await fetch(proxy.url)).text()).toContain("/console/app.js");
    expect(await (await fetch(`${base}/`)).text()).toContain("/console/app.js");
    const response = await fetch(`${base}/api/confluence/s1/sync?x=a%2Fb`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": "k1",
        "x-api-key": "of-the-browser",
        cookie: "a=b",
      },
      body: '{"mode":"full"}',
    });
    expect(response.status).toBe(200);
    expect(seen).toMatchObject([
      {
        method: "POST",
        url: "/stage/api/confluence/s1/sync?x=a%2Fb",
        body: '{"mode":"full"}',
        headers: {
          authorization: "Bearer operators-key",
          "idempotency-key": "k1",
          "content-type": "application/json",
        },
      },
    ]);
    expect(seen[0]?.headers).not.toHaveProperty("x-api-key");
    expect(seen[0]?.headers).not.toHaveProperty("cookie");
    expect(JSON.stringify([...response.headers])).not.toContain("operators-key");
  });

  it("passes on the key that a person enters in the console only where it has no credentials of its own", async () => {
    const keyless = await startConsoleProxy({ api, apiKey: undefined, aws: false, port: 0 });
    try {
      reply = ({ headers }, response) =>
        response
          .writeHead(headers["x-api-key"] === "of-the-browser" ? 200 : 401, {
            "content-type": "application/json",
          })
          .end("{}");
      const url = `${new URL(keyless.url).origin}/api/confluence/sources`;
      expect((await fetch(url)).status).toBe(401);
      expect((await fetch(url, { headers: { "x-api-key": "of-the-browser" } })).status).toBe(200);
      expect(seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    } finally {
      await keyless.close();
    }
  });

  it("credentials of its own that are refused are an error, and no reason to ask for a key that is not sent", async () => {
    reply = (_, response) => response.writeHead(401, { "content-type": "application/json" }).end("{}");
    const refused = await fetch(`${base}/api/confluence/sources`, { headers: { "x-api-key": "another" } });
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { error: { code: "credentials_refused", message: expect.stringContaining("API_KEY") } },
    ]);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers).not.toHaveProperty("x-api-key");
  });

  it("passes on status, entity tag and what the console reads of the headers, and nothing else", async () => {
    reply = ({ headers }, response) =>
      headers["if-none-match"] === '"1"'
        ? response.writeHead(304, { etag: '"1"' }).end()
        : response
            .writeHead(503, {
              etag: '"1"',
              "retry-after": "7",
              "x-request-id": "r1",
              "set-cookie": "a=b",
              "content-type": "application/json",
            })
            .end('{"error":{}}');
    const failed = await fetch(`${base}/health`);
    expect([
      failed.status,
      failed.headers.get("retry-after"),
      failed.headers.get("x-request-id"),
      await failed.text(),
    ]).toEqual([503, "7", "r1", '{"error":{}}']);
    expect(failed.headers.get("set-cookie")).toBeNull();
    const unchanged = await raw("/health", { headers: { "if-none-match": '"1"' } });
    expect(unchanged).toEqual({ status: 304, body: "" });
  });

  it("a web page of another origin, or a name that was pointed at 127.0.0.1, gets nothing", async () => {
    for (const headers of [
      { origin: "https://evil.example" },
      { host: "evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
    ] as Record<string, string>[]) {
      const { status, body } = await raw("/api/confluence/sources", { headers });
      expect([status, JSON.parse(body).error.code]).toEqual([403, expect.stringMatching(/^foreign_/)]);
      expect((await raw("/console", { headers })).status).toBe(403);
    }
    expect(seen).toEqual([]);
  });

  it.each([
    ["/admin"],
    ["/mcp"],
    ["/2015-03-31/functions/sync/invocations"],
    ["/api/../mcp"],
    ["/api/%2e%2E/mcp"],
    ["/api/x/.."],
    ["/api\\..\\mcp"],
    ["/api/..#x"],
    ["/api/..%2Fmcp"],
    ["/api/x%2f..%2f..%2fmcp"],
    ["/healthy"],
    ["//evil.example/api/x"],
    ["http://evil.example/api/x"],
  ])("%s is not forwarded", async (path) => {
    const { status, body } = await raw(path, {});
    expect([status, JSON.parse(body).error.code]).toEqual([404, "route_not_found"]);
    expect(seen).toEqual([]);
  });

  it("a body that no form of the console sends is refused, and not forwarded", async () => {
    const response = await fetch(`${base}/api/x`, {
      method: "POST",
      body: "x".repeat(MAX_BODY_BYTES + 1),
    }).catch(() => null);
    // The connection may close while the rest is still being sent.
    if (response) expect(response.status).toBe(413);
    expect(seen).toEqual([]);
  });

  it("a page that the other side answers with runs no script where the console is", async () => {
    reply = (_, response) =>
      response.writeHead(502, { "content-type": "text/html" }).end("<script>alert(1)</script>");
    const { headers } = await fetch(`${base}/api/x`);
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  });

  it("a redirect is not followed: the key is for this address alone", async () => {
    reply = (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    const response = await fetch(`${base}/api/x`, { redirect: "manual" });
    expect([response.status, seen.length]).toEqual([302, 1]);
  });

  it("a service that is down, or hangs up in the middle, is a 502 that says what to do", async () => {
    reply = (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      response.destroy();
    };
    const cut = await fetch(`${base}/api/x`);
    expect([cut.status, await cut.json()]).toMatchObject([502, { error: { code: "service_unreachable" } }]);
    const down = await startConsoleProxy({
      api: "http://127.0.0.1:1",
      apiKey: undefined,
      aws: false,
      port: 0,
    });
    const response = await fetch(`${new URL(down.url).origin}/api/confluence/sources`);
    expect([response.status, await response.json()]).toEqual([
      502,
      {
        error: {
          code: "service_unreachable",
          message: expect.stringMatching(/127\.0\.0\.1:1.*Check that it runs/),
        },
      },
    ]);
    await down.close();
  });

  it("signs requests where it is told to, with the credentials of the environment", async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_REGION: "eu-central-1",
    });
    const signing = await startConsoleProxy({ api, apiKey: undefined, aws: true, port: 0 });
    try {
      await fetch(`${new URL(signing.url).origin}/api/confluence/sources?limit=1`);
      expect(seen[0]?.headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
      );
    } finally {
      await signing.close();
      process.env = before;
    }
  });

  it.each(["ftp://x", "nonsense", "http://user:pass@127.0.0.1:3000", "http://127.0.0.1:3000/?a=b"])(
    "%s is no address of a service",
    async (address) => {
      const started = startConsoleProxy({ api: address, apiKey: undefined, aws: false, port: 0 });
      await expect(started).rejects.toThrow("--api");
    },
  );
});
