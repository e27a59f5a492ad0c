import { afterAll, beforeAll, expect, it } from "vitest";
import { profiles } from "#functions/api/mcp/profiles.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { callTool, connectMcp } from "#test/support/mcp-client.ts";
import { store } from "#test/support/stored-pages.ts";

/** A backend that may say for whom it connects. */
const BACKEND = { authorizer: { iam: { userArn: "arn:aws:iam::000000000000:user/backend" } } };

let fixture: ApiFixture;
let sourceId: string;

beforeAll(async () => {
  fixture = await makeApiFixture();
  const { sql } = fixture.database;
  const now = fixture.clock.now();
  sourceId = await fixture.addSource({ title: "Airfield" });
  const chunks = ["airships are moored at a mast", "```sh\nmast --down\n```"];
  await store(sql, fixture.embedder, { sourceId, pageId: "1", title: "Airships", chunks });
  await setAccess(sql, sourceId, "per_user", now);
  await setDirectory(sql, sourceId, {
    people: [{ accountId: "ann", email: "ann@example.com" }, { accountId: "bob" }],
    verifiedAt: now,
  });
  await putUnder(sql, sourceId, ["1"], await addNode(sql, { sourceId, users: ["ann"] }));
}, 60_000);
afterAll(() => fixture.close());

/** How each tool is asked for the page; it says `mast` or names the source. */
const CALLS: Record<string, Record<string, () => Record<string, unknown>>> = {
  "/mcp": {
    search_confluence: () => ({ query: "airships" }),
    read_confluence_page: () => ({ page: "1" }),
    list_confluence_spaces: () => ({}),
  },
  "/mcp/chatgpt": { search: () => ({ query: "airships" }), fetch: () => ({ id: "1" }) },
  "/mcp/archon": {
    rag_get_available_sources: () => ({}),
    rag_search_knowledge_base: () => ({ query: "airships" }),
    rag_search_code_examples: () => ({ query: "airships" }),
    rag_list_pages_for_source: () => ({ source_id: sourceId }),
    rag_read_full_page: () => ({ page_id: "1" }),
  },
};
const SHOWN = /mast|Airships|Airfield|DEMO/;

async function textFor(path: string, tool: string, query: Record<string, string>): Promise<string> {
  const client = await connectMcp(fixture.api, { path, call: { ...BACKEND, query } });
  try {
    return (await callTool(client, tool, CALLS[path]?.[tool]?.() ?? {})).text;
  } finally {
    await client.close();
  }
}

const URL_LACKS = "the connection's URL needs ?on_behalf_of=EMAIL, or a token of the person's own";

const tools = profiles.flatMap(({ contract, tools: list }) =>
  list.map(({ name: tool }) => ({ path: contract.paths[0], tool })),
);

it.each(tools)(
  "$tool of $path shows what the person of the connection's URL may see",
  async ({ path, tool }) => {
    expect(await textFor(path, tool, { on_behalf_of: "ann@example.com" })).toMatch(SHOWN);
    expect(await textFor(path, tool, { on_behalf_of: "ann" })).toMatch(SHOWN);
    expect(await textFor(path, tool, { on_behalf_of: "bob" })).not.toMatch(SHOWN);
    expect(await textFor(path, tool, { visibility: "anonymous" })).not.toMatch(SHOWN);
  },
);

it.each(tools)(
  "$tool of $path says what the URL of a connection that names nobody lacks",
  async ({ path, tool }) => {
    const text = await textFor(path, tool, {});
    expect(text).toContain(URL_LACKS);
    expect(text).not.toMatch(SHOWN);
  },
);

it.each(tools.filter(({ tool }) => tool !== "list_confluence_spaces"))(
  "$tool of $path says that no arguments help a person without an account",
  async ({ path, tool }) => {
    const text = await textFor(path, tool, { on_behalf_of: "nobody@example.com" });
    expect(text).toMatch(/no active account on the Confluence site\. Tell the user: no other arguments help/);
    expect(text).not.toMatch(/api\/identities/);
  },
);

it.each(tools)("$tool of $path logs for whom it read and how much, or why not", async ({ path, tool }) => {
  const from = fixture.logLines().length;
  await textFor(path, tool, { on_behalf_of: "ann@example.com" });
  await textFor(path, tool, {});
  const lines = fixture.logLines().slice(from);
  const [ann, nobody] = lines.filter(({ event }) => event === "tool.completed");
  expect(ann).toMatchObject({ tool, account_id: "ann", permissions: "per_user", actor: expect.any(String) });
  expect(ann?.results).toBeGreaterThanOrEqual(1);
  expect(ann).not.toHaveProperty("code");
  const isList = tool === "list_confluence_spaces";
  expect(nobody).toMatchObject(
    isList ? { tool, results: 0, permissions: "per_user" } : { tool, code: "identity_required" },
  );
});
