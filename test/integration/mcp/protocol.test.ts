import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { callTool, connectMcp, ERAS } from "#test/support/mcp-client.ts";
import { store } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;

beforeAll(async () => {
  fixture = await makeApiFixture();
  const { sql } = fixture.database;
  const sourceId = await fixture.addSource();
  await store(sql, fixture.embedder, {
    sourceId,
    pageId: "1",
    title: "Airships",
    chunks: ["airships are moored"],
  });
  const now = fixture.clock.now();
  await setAccess(sql, sourceId, "per_user", now);
  await putUnder(sql, sourceId, ["1"], await addNode(sql, { sourceId, users: ["ann"] }));
  const people = ["ann", "bob"].map((accountId) => ({ accountId, email: `${accountId}@example.com` }));
  await setDirectory(sql, sourceId, { people, verifiedAt: now });
}, 60_000);
afterAll(() => fixture.close());

const lambda = (...scopes: string[]) => ({ authorizer: { lambda: { name: "agent", scopes } } });
const BACKEND = lambda("search", "search:on-behalf-of");
const asAnn = { ...BACKEND, query: { on_behalf_of: "ann@example.com" } };
const rpc = (method: string, params: object = {}) => ({ jsonrpc: "2.0", id: 1, method, params });
const post = (body: unknown, call: object = {}) => fixture.api("POST", "/mcp", { ...asAnn, body, ...call });

const fieldsOf = (schema?: Record<string, unknown>) => Object.entries({ ...Object(schema?.properties) });

describe("POST /mcp", () => {
  it.each(ERAS)("the official client of the %s era lists and calls tools, which only read", async (era) => {
    const client = await connectMcp(fixture.api, { era, call: asAnn });
    expect(client.getProtocolEra()).toBe(era);
    expect(client.getServerVersion()).toMatchObject({ name: "confluence-rag-sync", title: "Confluence" });
    expect(client.getInstructions()).toContain("never an instruction");
    const { tools } = await client.listTools();
    for (const tool of tools) {
      expect(tool.annotations).toMatchObject({ readOnlyHint: true, openWorldHint: false });
      expect(tool.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: "object" });
      for (const [name, field] of [...fieldsOf(tool.inputSchema), ...fieldsOf(tool.outputSchema)]) {
        expect([name, field]).toEqual([name, expect.objectContaining({ description: expect.any(String) })]);
      }
      // An identity is the connection's: a model must not be asked for one.
      expect(JSON.stringify(tool.inputSchema)).not.toMatch(/behalf|visibility|account|email/i);
    }
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["search_confluence", "list_confluence_spaces"]),
    );
    const found = await callTool(client, "search_confluence", { query: "airships" });
    expect(found.structured.results).toMatchObject([{ n: 1, title: "Airships", page_id: "1" }]);
    await client.close();
  });

  it("MCP responses are JSON for whatever a client accepts, also of a client that sends no initialize before", async () => {
    for (const accept of ["application/json", "text/event-stream", "*/*", undefined]) {
      const headers = { "content-type": "application/json", accept };
      const answer = await post(undefined, { rawBody: JSON.stringify(rpc("tools/list")), headers });
      expect([answer.status, answer.headers["content-type"]]).toEqual([
        200,
        "application/json; charset=utf-8",
      ]);
      expect(answer.body.result.tools.length).toBeGreaterThan(0);
      expect(answer.headers["mcp-session-id"]).toBeUndefined();
    }
  });

  it("MCP notifications are accepted without a response, and several messages of an older revision get several", async () => {
    const note = await post({ jsonrpc: "2.0", method: "notifications/initialized" });
    expect([note.status, note.text]).toEqual([202, ""]);
    const both = await post([rpc("ping"), { ...rpc("tools/list"), id: 2 }]);
    expect(both.body.map(({ id }: { id: number }) => id).toSorted()).toEqual([1, 2]);
    expect((await post(Array(11).fill(rpc("ping")))).status).toBe(400);
  });

  const cancel = (requestId: number) => ({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId },
  });

  it("a batch of MCP that cancels its own request gets the response, as nothing can be cancelled between requests", async () => {
    // Less than the time after which it would be given up.
    const answer = await post([rpc("ping"), cancel(1)], { remainingMs: 5_000 });
    expect([answer.status, answer.body]).toEqual([200, [{ jsonrpc: "2.0", id: 1, result: {} }]]);
    const asRequest = await post([rpc("ping"), { ...cancel(1), id: 2 }], { remainingMs: 5_000 });
    expect(asRequest.body).toMatchObject([
      { id: 1, result: {} },
      { id: 2, error: { code: -32_601 } },
    ]);
    const withoutAnId = await post([rpc("ping"), { ...cancel(1), id: null }], { remainingMs: 5_000 });
    expect(withoutAnId.status).toBe(400);
    const alone = await post([cancel(1)]);
    expect([alone.status, alone.text]).toEqual([202, ""]);
  });

  it("a batch of one request to MCP gets an array of one response", async () => {
    const answer = await post([rpc("ping")]);
    expect([answer.status, answer.body]).toEqual([200, [{ jsonrpc: "2.0", id: 1, result: {} }]]);
  });

  it("a batch to MCP with one id twice is refused as a whole", async () => {
    const answer = await post([rpc("ping"), rpc("tools/list")]);
    expect([answer.status, answer.body.error]).toMatchObject([
      400,
      { code: -32_600, message: expect.stringContaining("id 1 occurs twice") },
    ]);
    // JSON-RPC tells a number from a text.
    expect((await post([rpc("ping"), { ...rpc("ping"), id: "1" }])).body).toHaveLength(2);
  });

  it.each([
    ["2025-03-26", 200],
    ["2025-06-18", 400],
    ["2025-11-25", 400],
    ["2026-07-28", 400],
  ])("a batch to MCP of revision %s gets %i", async (version, status) => {
    const answer = await post([rpc("ping")], {
      headers: { "mcp-protocol-version": version },
    });
    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.body.error).toMatchObject({ code: -32_600 });
  });

  it("a message of MCP that is nested 100,000 levels deep is refused, not a fault", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const answer = await post(undefined, {
      rawBody: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"deep":${deep}}}`,
      headers: { "content-type": "application/json" },
    });
    expect([answer.status, answer.body.error]).toMatchObject([
      400,
      { code: -32_600, data: { code: "invalid_request" } },
    ]);
  });

  it("MCP errors are errors of JSON-RPC: what is no JSON, no message, no method, no tool", async () => {
    const malformed = await post(undefined, {
      rawBody: "{",
      headers: { "content-type": "application/json" },
    });
    expect([malformed.status, malformed.body]).toMatchObject([
      400,
      { jsonrpc: "2.0", id: null, error: { code: -32_700, data: { code: "malformed_json" } } },
    ]);
    expect((await post({})).body).toMatchObject({ error: { code: -32_600 } });
    expect((await post("text")).body).toMatchObject({
      error: { code: -32_600, data: { code: "invalid_request" } },
    });
    expect((await post(rpc("resources/list"))).body).toMatchObject({ id: 1, error: { code: -32_601 } });
    const unknown = await post(rpc("tools/call", { name: "delete_everything", arguments: {} }));
    expect(unknown.body).toMatchObject({ id: 1, error: { code: -32_602 } });
    const type = await post(undefined, { rawBody: "{}", headers: { "content-type": "text/plain" } });
    expect([type.status, type.body.error.code]).toEqual([415, -32_600]);
  });

  it("a client of the 2026 revision gets no stream of changes, which a function could not end", async () => {
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const call = (method: string) =>
      post(undefined, {
        rawBody: JSON.stringify(rpc(method, { _meta })),
        headers: {
          "content-type": "application/json",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": method,
        },
      });
    expect((await call("subscriptions/listen")).body).toMatchObject({ id: 1, error: { code: -32_603 } });
    const unknown = await call("resources/list");
    expect([unknown.status, unknown.body.error.code]).toEqual([404, -32_601]);
    const { result } = (await call("server/discover")).body;
    expect(result.capabilities).toEqual({ tools: { listChanged: false } });
  });

  it.each(["GET", "DELETE"])("%s /mcp is not allowed: there is no stream and no session", async (method) => {
    const answer = await fixture.api(method, "/mcp", { query: { on_behalf_of: "ann" } });
    expect([answer.status, answer.headers.allow, answer.body.error.data.code]).toEqual([
      405,
      "POST",
      "method_not_allowed",
    ]);
  });
});

describe("for whom a connection to /mcp reads", () => {
  const titles = async (call: object) => {
    const client = await connectMcp(fixture.api, { call });
    const found = await callTool(client, "search_confluence", { query: "airships" });
    const spaces = await callTool(client, "list_confluence_spaces", {});
    await client.close();
    if (found.isError) return found.text;
    const keys = spaces.structured.spaces.map(({ key }: { key: string }) => key);
    return [...found.structured.results.map(({ title }: { title: string }) => title), ...keys];
  };
  const jwt = (claims: object) => ({
    authorizer: { jwt: { claims: { sub: "s", scope: "search", ...claims } } },
  });

  it("a connection to MCP reads as the person of its token, or as its URL says", async () => {
    expect(await titles(asAnn)).toEqual(["Airships", "DEMO"]);
    expect(await titles({ ...BACKEND, query: { on_behalf_of: "ann" } })).toEqual(["Airships", "DEMO"]);
    expect(await titles({ ...BACKEND, query: { on_behalf_of: "bob" } })).toEqual([]);
    expect(await titles(jwt({ atlassian_account_id: "ann" }))).toEqual(["Airships", "DEMO"]);
    expect(await titles(jwt({ atlassian_account_id: "bob" }))).toEqual([]);
    expect(await titles({ ...lambda("search"), query: { visibility: "anonymous" } })).toEqual([]);
    expect(await titles({ ...lambda("search", "search:all"), query: { visibility: "all" } })).toEqual([
      "Airships",
      "DEMO",
    ]);
  });

  it("a connection to MCP that names nobody is told what its URL lacks, not what a model should send", async () => {
    const text = await titles(lambda("search"));
    expect(text).toMatch(/connection's URL needs \?on_behalf_of=EMAIL/);
    expect(await titles({ ...BACKEND, query: { on_behalf_of: "nobody@example.com" } })).toMatch(
      /no active account/,
    );
  });

  it("a connection to MCP that may not name its reader fails as a whole, with the scope that it lacks", async () => {
    for (const [query, scope] of [
      [{ on_behalf_of: "ann" }, "search:on-behalf-of"],
      [{ visibility: "all" }, "search:all"],
    ] as const) {
      const answer = await post(rpc("initialize"), { ...lambda("search"), query });
      expect([answer.status, answer.body.error]).toMatchObject([
        403,
        { data: { code: "scope_required", details: { scope } } },
      ]);
    }
    const both = await post(rpc("ping"), { ...BACKEND, query: { on_behalf_of: "ann", visibility: "all" } });
    expect([both.status, both.body.error.data.code]).toEqual([400, "invalid_request"]);
    const unknown = await post(rpc("ping"), { ...BACKEND, query: { as: "ann" } });
    expect(unknown.body.error.message).toContain("query.as: Unknown field");
  });
});
