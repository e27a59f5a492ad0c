import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { profiles } from "#functions/api/mcp/profiles.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { valueOf } from "#test/support/fuzzed-requests.ts";
import { store } from "#test/support/stored-pages.ts";

/** Of all tools together. */
const CALLS = Number(process.env.FUZZ_CALLS ?? 300);

/** In the title and the text of a page that the sender may not see; nothing that is generated contains it. */
const SECRET = "quixotic";

/** Of the parameters that name a page, both pages; of queries, words of both. */
const NAMED: Record<string, readonly string[]> = {
  page: ["1", "2"],
  page_id: ["1", "2"],
  id: ["1", "2"],
  query: ["chunk one of the page", "sh"],
};

/** Arguments by the schema, of which every second set names what there is where it can. */
function argumentsOf(inputSchema: Record<string, unknown>): fc.Arbitrary<unknown> {
  const names = Object.keys(properties.parse(inputSchema).properties).filter((name) => NAMED[name]);
  const known = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(NAMED[name] ?? []))])),
  );
  const any = valueOf(inputSchema);
  return fc.oneof(
    any,
    fc.tuple(any, known).map(([base, ids]) => (isPlain(base) ? { ...base, ...ids } : base)),
  );
}

const properties = z.object({ properties: z.record(z.string(), z.unknown()).default({}) });
const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listed = z.object({
  tools: z.array(z.object({ name: z.string(), inputSchema: z.record(z.string(), z.unknown()) })),
});
const called = z.object({
  content: z.tuple([z.object({ type: z.literal("text"), text: z.string().min(1) })]),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

/** What is about the service's insides: stacks, its files, its database, its languages' own words. */
const INTERNALS = /\n\s+at |\.ts\b|node:|postgres|relation "|syntax error|undefined \(|\[object|TypeError/i;
/** What to do instead. */
const STEERING = /\b(Call|Send|send|use|read|lists?|Read)\b/;

const paths = profiles.map(({ contract }) => contract.paths[0]);
let fixture: ApiFixture;

beforeAll(async () => {
  fixture = await makeApiFixture();
  await addPages(await fixture.addSource());
}, 60_000);
afterAll(() => fixture.close());

/** Page 1, which the sender sees, and page 2, which they may not. */
async function addPages(sourceId: string): Promise<void> {
  const { sql } = fixture.database;
  const put = (pageId: string, title: string, chunks: string[]) =>
    store(sql, fixture.embedder, { sourceId, pageId, title, chunks });
  await put("1", "Page 1", ["chunk one", "```sh\nls\n```"]);
  await put("2", `The ${SECRET} page`, [`chunk one of the ${SECRET} page`, `\`\`\`sh\n${SECRET}\n\`\`\``]);
  const now = fixture.clock.now();
  await setAccess(sql, sourceId, "per_user", now);
  const space = await addNode(sql, { sourceId, users: ["eve", "ann"] });
  const restricted = await addNode(sql, { sourceId, contentId: "2", parent: space, users: ["ann"] });
  await putUnder(sql, sourceId, ["1"], space);
  await putUnder(sql, sourceId, ["2"], restricted);
  await setDirectory(sql, sourceId, {
    people: [{ accountId: "eve" }, { accountId: "ann" }],
    verifiedAt: now,
  });
}

const authorizerOf = (atlassian_account_id: string) => ({
  jwt: { claims: { sub: atlassian_account_id, scope: "search", atlassian_account_id } },
});

async function request(path: string, method: string, params: unknown, who = "eve"): Promise<unknown> {
  const { status, body } = await fixture.api("POST", path, {
    body: { jsonrpc: "2.0", id: 1, method, params },
    authorizer: authorizerOf(who),
  });
  expect(status).toBe(200);
  return body.result;
}

it("whatever a tool of any profile is called with, the result is one that it describes, or says what to send instead, and nothing hidden from the sender", async () => {
  const tools = await Promise.all(
    paths.map(async (path) =>
      listed.parse(await request(path, "tools/list", {})).tools.map((tool) => ({ path, ...tool })),
    ),
  );
  const calls = fc
    .constantFrom(...tools.flat())
    .chain(({ path, name, inputSchema }) =>
      fc.record({ path: fc.constant(path), name: fc.constant(name), arguments: argumentsOf(inputSchema) }),
    )
    .filter(({ arguments: args }) => isPlain(args));
  const seen = { results: 0, errors: 0 };
  await fc.assert(
    fc.asyncProperty(calls, async ({ path, ...params }) => {
      const result = called.parse(await request(path, "tools/call", params));
      const [{ text }] = result.content;
      expect(JSON.stringify(result).toLowerCase()).not.toContain(SECRET);
      if (result.isError !== true) {
        seen.results += 1;
        expect(result.structuredContent).toBeDefined();
        return;
      }
      seen.errors += 1;
      // What the call itself said may be repeated.
      expect(text).not.toMatch(INTERNALS);
      expect(text).toMatch(STEERING);
    }),
    { numRuns: CALLS },
  );
  expect(seen.results).toBeGreaterThan(CALLS / 10);
  expect(seen.errors).toBeGreaterThan(CALLS / 10);
  const events = new Set(fixture.logLines().map(({ event }) => event));
  expect([events.has("tool.completed"), events.has("tool.failed")]).toEqual([true, false]);
});

it("who may see the hidden page finds and reads it by the same tools", async () => {
  for (const call of [
    { path: "/mcp", name: "search_confluence", arguments: { query: "chunk one of the page" } },
    { path: "/mcp", name: "read_confluence_page", arguments: { page: "2" } },
  ]) {
    const { path, ...params } = call;
    expect(JSON.stringify(await request(path, "tools/call", params, "ann"))).toContain(SECRET);
    expect(JSON.stringify(await request(path, "tools/call", params))).not.toContain(SECRET);
  }
});

it("arguments that are no object, and tools that do not exist, are errors of the protocol that name no internals", async () => {
  for (const params of [
    { name: "search_confluence", arguments: "airships" },
    { name: "search_confluence", arguments: ["airships"] },
    { name: "search_confluence", arguments: null },
    { name: "no_such_tool", arguments: {} },
    { name: 7 },
    [],
    undefined,
  ]) {
    const { status, body } = await fixture.api("POST", "/mcp", {
      body: { jsonrpc: "2.0", id: 1, method: "tools/call", params },
    });
    expect([params, status]).toEqual([params, expect.toBeOneOf([200, 400])]);
    expect(body.error).toEqual({ code: expect.any(Number), message: expect.not.stringMatching(INTERNALS) });
  }
});
