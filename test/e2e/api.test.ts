import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "#infra/routes.ts";
import type { LocalRunner } from "#infra/local/runner/start.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { requireDocumented } from "#test/support/documented-response.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { startTestRunner } from "#test/support/local-runner.ts";
import { SPACE, startServiceWithSite, type ServiceWithSite } from "#test/support/service-with-site.ts";

const UUID = "00000000-0000-4000-8000-000000000000";
const fill = (path: string) => path.replaceAll(/\{\w+\}/g, UUID);

describe("a service with an API key", () => {
  const key = "k3y-of-the-service";
  let runner: LocalRunner;
  beforeAll(async () => {
    runner = await startTestRunner({
      services: { embedder: fakeEmbedder() },
      env: { API_KEY: key, CORS_ORIGINS: "https://app.example.com", ALLOW_LOOPBACK: "false" },
    });
  });
  afterAll(() => runner.close());

  const call = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(runner.url + path, {
      method,
      headers: { ...(method === "GET" ? {} : { "content-type": "application/json" }), ...headers },
      ...(method === "GET" ? {} : { body: "{}" }),
    });
    return { response, text: await response.text() };
  };

  it.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s requires the API key, unless it is public, says where to get a token, or takes the secret of a hook",
    async (name, route) => {
      const wrong: Record<string, string>[] = [
        {},
        { "x-api-key": "wrong" },
        { authorization: `Bearer ${key}x` },
      ];
      for (const headers of wrong) {
        const { response, text } = await call(route.method, fill(route.path), headers);
        requireDocumented(name, response.status, text);
        expect(response.status === 401).toBe(!["public", "hook", "issuer"].includes(route.scope));
        expect(response.headers.get("x-request-id")).toBeTruthy();
      }
      const right: Record<string, string>[] = [{ "x-api-key": key }, { authorization: `Bearer ${key}` }];
      for (const headers of right) {
        const { response, text } = await call(route.method, fill(route.path), headers);
        requireDocumented(name, response.status, text);
        expect([401, 403, 500]).not.toContain(response.status);
      }
    },
  );

  it("the API accepts pages of configured origins and no others", async () => {
    const preflight = (origin: string) => call("OPTIONS", "/api/confluence/sources", { origin });
    const known = (await preflight("https://app.example.com")).response;
    expect([known.status, known.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://app.example.com",
    ]);
    expect(known.headers.get("access-control-allow-headers")).toContain("Idempotency-Key");
    const foreign = (await preflight("https://evil.example")).response;
    expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
    const answer = await call("GET", "/health", { origin: "https://app.example.com" });
    expect(answer.response.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  });

  it("the API reference and its document are public and load nothing from another host", async () => {
    const page = await call("GET", "/docs");
    expect(page.response.headers.get("content-type")).toContain("text/html");
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(assets.length).toBe(4);
    for (const asset of assets) {
      expect(asset).toMatch(/^\/docs\//);
      expect((await call("GET", asset)).response.status).toBe(200);
    }
    expect(page.response.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(JSON.parse((await call("GET", "/openapi.json")).text).openapi).toMatch(/^3\.1/);
    for (const path of ["/docs/../package.json", "/docs/%2e%2e/package.json", "/docs/LICENSE"]) {
      expect((await call("GET", path)).response.status).not.toBe(200);
    }
  });

  const SPELLINGS = [
    "http://acme.atlassian.net",
    "ftp://acme.atlassian.net",
    "acme.atlassian.net",
    "//acme.atlassian.net",

    "https://",
    "https:///",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "gopher://x",

    "https://user:pass@acme.atlassian.net",
    "https://acme.atlassian.net@127.0.0.1",
    "https://acme.atlassian.net#@10.0.0.1",

    "https://acme.atlassian.net?x=1",
    "https://acme.atlassian.net/other",
    "https://acme.atlassian.net.evil.example",

    "https://evil-atlassian.net",
    "https://atlassian.net",
    "https://.atlassian.net",
    "https://acme.atlassian.net\\@evil.example",

    "https://127.0.0.1",
    "https://127.1",
    "https://0x7f.1",
    "https://0x7f000001",
    "https://2130706433",
    "https://017700000001",

    "https://127.0.0.1.",
    "https://localhost",
    "https://LOCALHOST",
    "https://localhost.",
    "https://0",
    "https://0.0.0.0",

    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[0:0:0:0:0:ffff:7f00:0001]",

    "https://[64:ff9b::7f00:1]",
    "https://[fe80::1]",
    "https://[fd00::1]",
    "https://10.0.0.1",
    "https://172.16.0.1",

    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://169.254.169.254",
    "https://198.18.0.1",
    "https://224.0.0.1",

    "https://①②⑦.⓪.⓪.①",
    "https://127。0。0。1",
    "https://metadata.google.internal",
    "https://example.com",
    "http://[::1]:80",
  ];

  it(`the API rejects ${SPELLINGS.length} spellings of addresses that are not Confluence's, and sends nothing to them`, async () => {
    expect(SPELLINGS.length).toBeGreaterThan(40);
    const answers = await Promise.all(
      SPELLINGS.map(async (base_url) => {
        const response = await fetch(`${runner.url}/api/confluence/sources`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-api-key": key },
          body: JSON.stringify({ base_url, api_token: "s3cret", space_key: "X", email: "a@example.com" }),
        });
        const { error } = (await response.json()) as { error: { code: string } };
        return [base_url, response.status, ["invalid_base_url", "address_refused"].includes(error.code)];
      }),
    );
    expect(answers).toEqual(SPELLINGS.map((base_url) => [base_url, 422, true]));
  });
});

describe("whoever polls a sync", () => {
  let running: ServiceWithSite;
  beforeAll(async () => {
    running = await startServiceWithSite({
      pages: 40,
      runner: { services: { embedder: slowEmbedder(400) } },
    });
  });
  afterAll(() => running.close());

  it("a client polling with If-None-Match gets each response once, empty 304s in between, and a percentage that only rises", async () => {
    const url = `${running.runner.url}/api/confluence/${running.sourceId}/status`;
    const operationId = await running.service.startSync(running.sourceId);
    let etag = "";
    const percents: number[] = [];
    for (;;) {
      const response = await fetch(url, { headers: etag ? { "if-none-match": etag } : {} });
      const text = await response.text();
      requireDocumented("GET /api/confluence/{source_id}/status", response.status, text);
      if (response.status === 304) {
        expect([text, response.headers.get("etag")]).toEqual(["", etag]);
        expect(response.headers.get("x-poll-interval")).toBe("1000");
        continue;
      }
      expect(response.headers.get("etag")).not.toBe(etag);
      etag = response.headers.get("etag") ?? "";
      const status = JSON.parse(text) as {
        operation_id: string;
        percent: number;
        finished_at: string | null;
      };
      expect(status.operation_id).toBe(operationId);
      percents.push(status.percent);
      if (status.finished_at !== null) break;
    }
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBe(100);
    expect(percents.length).toBeGreaterThan(3);
    const unchanged = await fetch(url, { headers: { "if-none-match": etag } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ""]);
  });

  it("a synced operation is in the history afterwards, and search finds the stored pages", async () => {
    const { url } = running.runner;
    const listed = await fetch(`${url}/api/progress?source_id=${running.sourceId}`);
    const text = await listed.text();
    requireDocumented("GET /api/progress", listed.status, text);
    expect(JSON.parse(text).operations[0]).toMatchObject({
      operation_type: "confluence_sync",
      status: "completed",
      sync_metrics: { pages_added: 41 },
    });
    const [hit] = await running.service.search("marker7", 1);
    expect(hit?.title).toBe("Topic 7");
    const source = await fetch(`${url}/api/confluence/${running.sourceId}`);
    expect(await source.json()).toMatchObject({ space_key: SPACE, page_count: 41, sync_status: "completed" });
  });
});

/** As slow as a model: a sync that can be watched. */
function slowEmbedder(delayMs: number): Embedder {
  const fast = fakeEmbedder();
  return {
    ...fast,
    embed: async (texts) => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return fast.embed(texts);
    },
  };
}
