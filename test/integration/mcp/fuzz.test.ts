import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { profiles } from "#functions/api/mcp/profiles.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { valueOf } from "#test/support/fuzzed-requests.ts";
import { store } from "#test/support/stored-pages.ts";

/** Of all tools together. */
const CALLS = Number(process.env.FUZZ_CALLS ?? 300);

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
  const sourceId = await fixture.addSource();
  const chunks = ["chunk one", "```sh\nls\n```"];
  await store(fixture.database.sql, fixture.embedder, { sourceId, pageId: "1", title: "Page 1", chunks });
}, 60_000);
afterAll(() => fixture.close());

async function request(path: string, method: string, params: unknown): Promise<unknown> {
  const { status, body } = await fixture.api("POST", path, {
    body: { jsonrpc: "2.0", id: 1, method, params },
  });
  expect(status).toBe(200);
  return body.result;
}

it("whatever a tool of any profile is called with, the result is one that it describes, or says what to send instead", async () => {
  const tools = await Promise.all(
    paths.map(async (path) =>
      listed.parse(await request(path, "tools/list", {})).tools.map((tool) => ({ path, ...tool })),
    ),
  );
  const calls = fc
    .constantFrom(...tools.flat())
    .chain(({ path, name, inputSchema }) =>
      fc.record({ path: fc.constant(path), name: fc.constant(name), arguments: valueOf(inputSchema) }),
    )
    .filter(({ arguments: args }) => typeof args === "object" && args !== null && !Array.isArray(args));
  const seen = { results: 0, errors: 0 };
  await fc.assert(
    fc.asyncProperty(calls, async ({ path, ...params }) => {
      const result = called.parse(await request(path, "tools/call", params));
      const [{ text }] = result.content;
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
