import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { callTool, connectMcp } from "#test/support/mcp-client.ts";
import { store } from "#test/support/stored-pages.ts";

const PAGES_WITHOUT_CODE = 30;
const codeOf = (command: string) => `\`\`\`sh\n${command}\n\`\`\``;

let fixture: ApiFixture;
/** Its hits are asked about at Confluence. */
let live: string;
let other: string;
/** Pages that Confluence was asked about, and whether it decides in time. */
let asked: string[];
let isInTime: boolean;

beforeAll(async () => {
  fixture = await makeApiFixture();
  const { services, site, database, embedder, clock } = fixture;
  const { hitVerifier } = services;
  services.hitVerifier = async (request) => {
    asked.push(...request.contentIds);
    return isInTime ? hitVerifier!(request) : { permitted: [], denied: [] };
  };
  services.confluence = ((client) => (access) => ({ ...client(access), isPermitted: async () => true }))(
    services.confluence!,
  );
  const { sql } = database;
  addSpace(site, { key: "OTHER", name: "Other" });
  live = await fixture.addSource({ access: "per_user", verify: "live" });
  other = await fixture.addSource({ space_key: "OTHER", access: "unrestricted" });
  const put = (sourceId: string, pageId: string, chunk: string) =>
    store(sql, embedder, { sourceId, pageId, title: `Page ${pageId}`, chunks: [chunk] });
  const numbers = Array.from({ length: PAGES_WITHOUT_CODE }, (_, index) => String(index + 1));
  for (const pageId of numbers) await put(live, pageId, `zeppelin zeppelin zeppelin number ${pageId}`);
  for (const pageId of ["101", "102", "103"])
    await put(live, pageId, `zeppelin ${pageId}\n\n${codeOf("fly")}\n\n${codeOf("land")}`);
  await put(other, "201", "a gondola of its own");
  for (const sourceId of [live, other]) {
    const node = await addNode(sql, { sourceId, users: ["ann"] });
    await putUnder(sql, sourceId, [...numbers, "101", "102", "103", "201"], node);
    await setDirectory(sql, sourceId, { people: [{ accountId: "ann" }], verifiedAt: clock.now() });
  }
}, 60_000);
beforeEach(async () => {
  asked = [];
  isInTime = true;
  await setWithheld();
});
afterAll(() => fixture.close());

/** Nothing recent enough is known of the permissions of these sources. */
async function setWithheld(...withheld: string[]): Promise<void> {
  const { database, clock } = fixture;
  for (const [sourceId, mode] of [
    [live, "per_user"],
    [other, "unrestricted"],
  ] as const)
    await setAccess(database.sql, sourceId, mode, withheld.includes(sourceId) ? null : clock.now());
}

async function call(profile: "archon" | "chatgpt", name: string, args: Record<string, unknown>) {
  const authorizer = { lambda: { name: "agent", scopes: ["search", "search:on-behalf-of"] } };
  const client = await connectMcp(fixture.api, {
    path: `/mcp/${profile}`,
    call: { authorizer, query: { on_behalf_of: "ann" } },
  });
  try {
    return await callTool(client, name, args);
  } finally {
    await client.close();
  }
}
const archon = async (name: string, args: Record<string, unknown> = {}) =>
  (await call("archon", name, args)).structured;

const WITHHELD = /1 spaces show nothing at the moment/;
const TOO_OLD = /shows nothing at the moment, because what is known of its permissions is too old/;
const SEARCHES = [
  ["rag_search_knowledge_base", { return_mode: "pages" }],
  ["rag_search_knowledge_base", { return_mode: "chunks" }],
  ["rag_search_code_examples", {}],
] as const;

describe("what Archon's tools leave out", () => {
  it.each(SEARCHES)("%s %j warns of spaces that show nothing", async (name, args) => {
    expect(await archon(name, { query: "zeppelin", ...args })).toMatchObject({ success: true, warnings: [] });
    await setWithheld(live);
    expect(await archon(name, { query: "zeppelin", ...args })).toMatchObject({
      success: true,
      warnings: [expect.stringMatching(WITHHELD)],
    });
  });

  it.each(SEARCHES)("%s %j warns of hits that Confluence did not decide on", async (name, args) => {
    isInTime = false;
    expect(await archon(name, { query: "zeppelin", source_id: live, ...args })).toMatchObject({
      success: true,
      results: [],
      warnings: [expect.stringMatching(/passages were left out, because Confluence did not say in time/)],
    });
  });

  it.each([
    ...SEARCHES.map(([name, args]) => [name, { query: "zeppelin", ...args }] as const),
    ["rag_list_pages_for_source", {}] as const,
  ])("%s %j of a source that shows nothing is an error that says so", async (name, args) => {
    await setWithheld(live);
    expect(await archon(name, { source_id: live, ...args })).toMatchObject({
      success: false,
      error: expect.stringMatching(TOO_OLD),
    });
  });

  it("rag_get_available_sources warns of spaces that it does not list", async () => {
    expect(await archon("rag_get_available_sources")).toMatchObject({ count: 2, warnings: [] });
    await setWithheld(other);
    expect(await archon("rag_get_available_sources")).toMatchObject({
      success: true,
      count: 1,
      warnings: [expect.stringMatching(WITHHELD)],
    });
  });
});

it("rag_search_code_examples asks Confluence only about hits with code, and no more than it returns", async () => {
  const found = await archon("rag_search_code_examples", { query: "zeppelin", match_count: 3 });
  // Two blocks of one page, and one of the next.
  const pages = found.results.map((one: { metadata: { page_id: string } }) => one.metadata.page_id);
  expect(pages).toEqual([pages[0], pages[0], pages[2]]);
  expect(asked).toEqual([pages[0], pages[2]]);
});

describe("what ChatGPT's search leaves out", () => {
  const search = () => call("chatgpt", "search", { query: "zeppelin" });

  it("search is an error where every space is withheld, and not where one is", async () => {
    await setWithheld(other);
    expect((await search()).structured.results).toHaveLength(10);
    await setWithheld(live, other);
    const { isError, text } = await search();
    expect([isError, text]).toEqual([true, expect.stringMatching(/2 spaces show nothing at the moment/)]);
  });

  it("search is an error where Confluence decided on no hit in time", async () => {
    isInTime = false;
    const { isError, text } = await search();
    expect([isError, text]).toEqual([true, expect.stringMatching(/Confluence did not say in time/)]);
  });
});
