import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type postgres from "postgres";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, NEW_SOURCE, type ApiFixture } from "#test/support/api-fixture.ts";

const SOURCES = "/api/confluence/sources";

describe("every route", () => {
  let fixture: ApiFixture;
  beforeAll(async () => {
    fixture = await makeApiFixture({ CORS_ORIGINS: "https://app.example.com" });
    await fixture.addSource();
  });
  afterAll(() => fixture.close());

  const failingWith = (errors: () => unknown) =>
    makeApiClient({ ...fixture.services, sql: failingSql(fixture.database.sql, errors) });

  it.each([
    "/health",
    "/api/health",
    SOURCES,
    "/openapi.json",
    "/api/progress",
    "/api/rag/sources",
    "/api/knowledge",
  ])("GET %s has a strong ETag over its bytes, and returns 304 without a body for it", async (path) => {
    const full = await fixture.api("GET", path);
    expect(full.headers.etag).toMatch(/^"[\w-]{43}"$/);
    expect(full.headers["cache-control"]).toBe("private, no-cache, must-revalidate");
    const { etag = "" } = full.headers;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, `W/"a" , W/${etag},"b"`, "*"]) {
      const answer = await fixture.api("GET", path, { headers: { "if-none-match": tag } });
      expect([tag, answer.status, answer.text, answer.headers.etag]).toEqual([tag, 304, "", etag]);
      expect(answer.headers["content-type"]).toBeUndefined();
    }
    for (const tag of ['"other"', etag.slice(1, -1), `"${etag}"`, "", '"*"', etag.replaceAll('"', "")]) {
      const answer = await fixture.api("GET", path, { headers: { "if-none-match": tag } });
      expect([tag, answer.status]).toEqual([tag, 200]);
    }
  });

  it.each(["/health", SOURCES, "/api/confluence/nothing"])(
    "HEAD %s is its GET without the body",
    async (path) => {
      const get = await fixture.api("GET", path);
      const head = await fixture.api("HEAD", path);
      expect([head.status, head.text]).toEqual([get.status, ""]);
      const fixed = ({ "x-request-id": _, ...headers }: Record<string, string>) => headers;
      expect(fixed(head.headers)).toEqual(fixed(get.headers));
      if (get.headers.etag === undefined) return;
      const again = await fixture.api("HEAD", path, { headers: { "if-none-match": get.headers.etag } });
      expect(again.status).toBe(304);
    },
  );

  it("an ETag stays the same while nothing changes, whatever the time", async () => {
    const before = await fixture.api("GET", SOURCES);
    fixture.clock.advance(86_400_000);
    expect((await fixture.api("GET", SOURCES)).text).toBe(before.text);
  });

  it("errors and methods other than GET have no ETag", async () => {
    const missing = await fixture.api("GET", "/api/confluence/nothing", {
      headers: { "if-none-match": "*" },
    });
    expect([missing.status, missing.headers.etag]).toEqual([404, undefined]);
    const search = await fixture.api("POST", "/api/rag/query", { body: { query: "x" } });
    expect([search.headers.etag, search.headers["cache-control"]]).toEqual([undefined, "no-store"]);
  });

  it("the response and the log contain the request id", async () => {
    for (const path of [SOURCES, "/api/confluence/nothing"]) {
      const answer = await fixture.api("GET", path);
      const id = answer.headers["x-request-id"];
      const line = fixture.logLines().findLast((entry) => entry.request_id === id);
      expect(line).toMatchObject({
        event: "request.completed",
        status: answer.status,
        method: "GET",
        duration_ms: expect.any(Number),
      });
    }
  });

  it("a cursor that somebody made up is refused, whatever texts and times are in it", async () => {
    const { sql } = fixture.database;
    const [source] = await sql<
      { source_id: string; site_id: string }[]
    >`select source_id, site_id from archon_sources`;
    const sync = await fixture.api("POST", `/api/confluence/${source?.source_id}/sync`, {});
    const operation = String(sync.body.operation_id);
    for (const [path, list, ...positions] of [
      [SOURCES, "sources", ["0000-01-01T00:00:00Z", "a"], ["2026-01-01T00:00:00Z", "\u0000"]],
      ["/api/confluence/sites", "sites", ["0000-01-01T00:00:00Z", "a"], ["2026-01-01T00:00:00Z", "\u0000"]],
      [`/api/confluence/sites/${source?.site_id}/spaces`, "site-spaces", ["\u0000", "a"], ["a", "\u0000"]],
      [
        `/api/progress/${operation}/planned-changes`,
        "planned-changes",
        ["\u0000", "1"],
        ["created", "\u0000"],
      ],
      [
        "/api/progress",
        "progress",
        ["0000-01-01T00:00:00Z", operation, 0],
        ["0000-01-01T00:00:00Z", operation],
      ],
      [`/api/confluence/${source?.source_id}/pages`, "pages", ["\u0000"]],
      ["/api/identities", "identities", ["\u0000", "a"], ["a", "\u0000"]],
    ] as const) {
      for (const position of positions) {
        const cursor = Buffer.from(JSON.stringify([list, ...position])).toString("base64url");
        const { status, body } = await fixture.api("GET", path, { query: { cursor } });
        expect([path, position, status, body.error?.code]).toEqual([path, position, 400, "invalid_cursor"]);
      }
    }
  });

  it("a time of year 0, which the database does not know, is refused where one can be set", async () => {
    const sites = await fixture.api("GET", "/api/confluence/sites");
    const time = "0000-01-01T00:00:00Z";
    for (const [method, path, body] of [
      ["POST", "/api/rag/query", { query: "x", updated_since: time }],
      ["PATCH", `/api/confluence/sites/${sites.body.sites[0].site_id}`, { token_expires_at: time }],
    ] as const) {
      const answer = await fixture.api(method, path, { body });
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 400, "invalid_request"]);
    }
  });

  it("responses have headers that prevent sniffing, framing and referrers", async () => {
    const { headers } = await fixture.api("GET", "/health");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=31536000",
    });
  });

  it("CORS allows only configured origins", async () => {
    const from = async (origin: string) =>
      (await fixture.api("GET", SOURCES, { headers: { origin } })).headers;
    expect((await from("https://app.example.com"))["access-control-allow-origin"]).toBe(
      "https://app.example.com",
    );
    for (const origin of ["https://app.example.com.evil.example", "https://example.com", "null"]) {
      expect((await from(origin))["access-control-allow-origin"]).toBeUndefined();
    }
    const closed = await makeApiFixture();
    const answer = await closed.api("GET", "/health", { headers: { origin: "https://app.example.com" } });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    await closed.close();
  });

  const post = (call: object) => fixture.api("POST", SOURCES, call);
  const json = { "content-type": "application/json" };

  it.each([
    ["not JSON", { rawBody: "{", headers: json }, 400, "malformed_json"],
    ["a trailing comma", { rawBody: '{"a":1,}', headers: json }, 400, "malformed_json"],
    [
      "bytes that are not UTF-8",
      { rawBody: Buffer.from([0x22, 0xff, 0x22]).toString("base64"), isBase64Encoded: true, headers: json },
      400,
      "malformed_json",
    ],
    ["a list", { body: [] }, 400, "invalid_request"],
    ["nothing", {}, 400, "invalid_request"],
    ["a prototype", { rawBody: '{"__proto__":{"x":1}}', headers: json }, 400, "invalid_request"],
    [
      "Latin-1",
      { rawBody: "{}", headers: { "content-type": "application/json; charset=iso-8859-1" } },
      415,
      "unsupported_media_type",
    ],
    ["no content type", { rawBody: "{}" }, 415, "unsupported_media_type"],
    [
      "a form",
      { rawBody: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
      415,
      "unsupported_media_type",
    ],
    [
      "something like JSON",
      { rawBody: "{}", headers: { "content-type": "application/jsonp" } },
      415,
      "unsupported_media_type",
    ],
    ["too much", { rawBody: `"${"x".repeat(262_144)}"`, headers: json }, 413, "body_too_large"],
  ] as const)("a body that is %s is rejected", async (_what, call, status, code) => {
    const answer = await post(call);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });

  it.each([
    "application/json; charset=utf-8",
    "application/json; charset=utf8",
    'application/json;charset="UTF-8"; q=1',
    "APPLICATION/JSON",
    "application/vnd.api+json",
  ])("a body of %s is accepted", async (type) => {
    const answer = await post({ rawBody: JSON.stringify(NEW_SOURCE), headers: { "content-type": type } });
    expect([answer.status, answer.body.error.code]).toEqual([409, "source_exists"]);
  });

  it("an error quotes at most 100 characters of a content type that is not accepted", async () => {
    const type = `text/${"x".repeat(200)}`;
    const { body } = await post({ rawBody: "{}", headers: { "content-type": type } });
    expect(body.error.message).toContain(`, not ${type.slice(0, 100)}`);
    expect(body.error.message).not.toContain(type.slice(0, 101));
  });

  it("an error never quotes a malformed body, which may contain a token", async () => {
    const answer = await post({ rawBody: '{"api_token": "s3cret" ', headers: json });
    expect(answer.text + JSON.stringify(fixture.logLines())).not.toContain("s3cret");
  });

  it("an internal error returns only the request id, and is logged", async () => {
    const inner = Object.assign(new Error('relation "secret_table" does not exist'), {
      code: "42P01",
      query: "select * from secret_table",
    });
    const api = await failingWith(() => inner);
    const answer = await api("GET", SOURCES);
    expect([answer.status, answer.body.error.code]).toEqual([500, "internal_error"]);
    expect(answer.text).not.toMatch(/secret_table|select|at /);
    expect(answer.body.error.message).toContain(answer.headers["x-request-id"]);
    const line = fixture.logLines().find((entry) => entry.request_id === answer.headers["x-request-id"]);
    expect(line).toMatchObject({ level: "ERROR", event: "request.failed", code: "internal_error" });
    expect(JSON.stringify(line)).toContain("secret_table");
  });

  it.each(["ECONNREFUSED", "CONNECT_TIMEOUT", "53300", "57014", "40P01"])(
    "a route returns 503 with Retry-After when the database fails with %s",
    async (code) => {
      const api = await failingWith(() => Object.assign(new Error("10.1.2.3 refused"), { code }));
      for (const answer of [await api("GET", "/health"), await api("POST", "/api/confluence/x/sync")]) {
        expect([answer.status, answer.body.error.code]).toEqual([503, "database_unavailable"]);
        expect(answer.headers["retry-after"]).toBe("2");
        expect(answer.text).not.toContain("10.1.2.3");
      }
    },
  );

  it("a read is retried once when a connection was lost meanwhile, a write never", async () => {
    const lost = Object.assign(new Error("write CONNECTION_CLOSED"), { code: "CONNECTION_CLOSED" });
    let failures = 0;
    const api = await failingWith(() => ((failures += 1) === 1 ? lost : null));
    expect((await api("GET", "/health")).status).toBe(200);
    failures = 0;
    expect((await api("POST", "/api/rag/query", { body: { query: "x" } })).status).toBe(200);
    failures = 0;
    expect((await api("POST", "/api/confluence/nothing/sync")).status).toBe(503);
  });

  it("a route reports a timeout before the function is ended", async () => {
    const never = { ...fixture.embedder, embed: () => new Promise<number[][]>(() => {}) };
    const api = await makeApiClient({ ...fixture.services, embedder: never });
    const answer = await api("POST", "/api/rag/query", { body: { query: "x" }, remainingMs: 600 });
    expect([answer.status, answer.body.error.code]).toEqual([503, "timeout"]);
  });
});

/** The client, whose queries fail with what `errors` gives when they are run. Fragments are queries that are never run. */
function failingSql(sql: postgres.Sql, errors: () => unknown): postgres.Sql {
  return new Proxy(sql, {
    apply(target, self, args: unknown[]) {
      const query: Promise<unknown> = Reflect.apply(target, self, args);
      if (!(Array.isArray(args[0]) && "raw" in args[0])) return query;
      const run = query.then.bind(query);
      const then: typeof query.then = (resolve, reject) => {
        const error = errors();
        return error === null ? run(resolve, reject) : Promise.reject(error).then(resolve, reject);
      };
      // What `await` runs a query by.
      // oxlint-disable-next-line unicorn/no-thenable
      return Object.assign(query, { then });
    },
  });
}
