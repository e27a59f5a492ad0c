import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store, type TestPage } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;
let sourceId: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
  addSpace(fixture.site, { key: "OPS", name: "Operations" });
});
beforeEach(async () => {
  await fixture.reset();
  sourceId = await fixture.addSource();
});
afterAll(() => fixture.close());

const put = (page: TestPage) => store(fixture.database.sql, fixture.embedder, { sourceId, ...page });
const answer = (body: object, scopes = ["sources:read", "search"]) =>
  fixture.api("POST", "/api/rag/explain", {
    authorizer: { lambda: { name: "operator", scopes } },
    body: { query: "oil the zeppelin gearbox", ...body },
  });
const explain = async (page_id: string, body: object = {}) => {
  const { status, text, body: explained } = await answer({ page_id, ...body });
  expect(status, text).toBe(200);
  return explained;
};
const set = (pageId: string, values: Record<string, unknown>) =>
  fixture.database.sql`update confluence_pages set ${fixture.database.sql(values)} where page_id = ${pageId}`;

it("a page that the search returns has its rank, and what its score is made of, as the search says", async () => {
  await put({
    pageId: "1",
    title: "Gearbox",
    chunks: [{ content: "Oil the zeppelin gearbox", headingPath: ["Care"] }],
  });
  await put({ pageId: "2", title: "Lanterns", chunks: ["Light the lantern"] });
  const explained = await explain("1");
  expect(explained).toMatchObject({
    verdict: "shown",
    rank: 1,
    returned: 2,
    candidates_at_most: 60,
    page: { source_id: sourceId, page_id: "1", title: "Gearbox", kind: "page", status: "current" },
    last_returned: { title: "Lanterns" },
    words_missing: [],
  });
  const found = await fixture.api("POST", "/api/rag/query", {
    body: { query: "oil the zeppelin gearbox", explain: true },
  });
  expect(explained.hit).toMatchObject(found.body.results[0].explanation);
  expect(explained.hit.heading_path).toEqual(["Care"]);
});

it("a page that others outrank has its rank below the results, and the words that it lacks", async () => {
  for (let n = 1; n <= 3; n += 1)
    await put({ pageId: String(n), title: `Guide ${n}`, chunks: [`Oil the zeppelin gearbox ${n}`] });
  await put({ pageId: "9", title: "Notes", chunks: ["The gearbox of a tram"] });
  expect(await explain("9", { match_count: 2 })).toMatchObject({
    verdict: "below_match_count",
    rank: 4,
    returned: 2,
    last_returned: { title: expect.stringMatching(/^Guide/) },
    hit: { words: { rank: 4 } },
    words_missing: ["oil", "zeppelin"],
  });
});

it("a page that no retriever ranks is no candidate", async () => {
  for (let n = 1; n <= 61; n += 1)
    await put({ pageId: String(n), title: `Guide ${n}`, chunks: [`Oil the zeppelin gearbox ${n}`] });
  // Without a vector it can be found by words alone.
  await put({ pageId: "900", title: "Tea", chunks: ["Brew it slowly"] });
  await fixture.database.sql`
    delete from archon_chunk_embeddings where chunk_id in (select id from archon_crawled_pages where page_id = '900')`;
  expect(await explain("900")).toMatchObject({
    verdict: "not_candidate",
    rank: null,
    hit: null,
    words_missing: ["oil", "zeppelin", "gearbox"],
  });
});

it("a page whose content another one has names that one", async () => {
  await put({ pageId: "1", title: "Guide 1.0", chunks: ["Oil the zeppelin gearbox"] });
  await put({ pageId: "2", title: "Guide 2.0", chunks: ["Oil the zeppelin gearbox"] });
  const both = [await explain("1"), await explain("2")];
  expect(both.map(({ verdict }) => verdict).sort()).toEqual(["copy_of", "shown"]);
  const copy = both.find(({ verdict }) => verdict === "copy_of");
  const shown = both.find(({ verdict }) => verdict === "shown");
  expect(copy.copy_of).toEqual({ page_id: shown.page.page_id, title: shown.page.title });
});

it("the first filter that a page does not meet is named, and nothing of its text is read", async () => {
  const other = await fixture.addSource({ space_key: "OPS" });
  await put({
    pageId: "1",
    title: "Gearbox",
    labels: ["ops"],
    modifiedAt: new Date("2020-01-01"),
    chunks: ["Oil the zeppelin gearbox"],
  });
  for (const [filter, body] of Object.entries({
    source: { source: other },
    space: { space_key: "ops" },
    labels: { labels: ["dev"] },
    updated_since: { updated_since: "2025-01-01T00:00:00Z" },
    kinds: { kinds: ["attachment"] },
  })) {
    expect(await explain("1", body)).toMatchObject({
      verdict: "filtered",
      filter,
      hit: null,
      words_missing: [],
    });
  }
  expect(await explain("1", { space_key: "demo", labels: ["ops"], kinds: ["page"] })).toMatchObject({
    verdict: "shown",
  });
});

it.each([
  ["deleted", { is_deleted: true, deleted_reason: "trashed", deleted_at: new Date() }],
  ["hidden", { missing_since: new Date() }],
  ["pending", { version: 0 }],
  [
    "failed",
    {
      version: 0,
      sync_error: {
        code: "body_missing",
        message: "no body",
        permanent: true,
        attempts: 1,
        version: 1,
        at: "2026-01-01T00:00:00Z",
      },
    },
  ],
])("a page that is %s is said to be", async (verdict, values) => {
  await put({ pageId: "1", title: "Gearbox", chunks: ["Oil the zeppelin gearbox"] });
  await set("1", values);
  expect(await explain("1")).toMatchObject({
    verdict,
    page: { title: "Gearbox", status: verdict },
    hit: null,
    candidates_at_most: null,
  });
});

it("a page that no source has is not in the index; one that two sources have must be named with its source", async () => {
  expect(await explain("404")).toMatchObject({ verdict: "not_in_index", page: null });
  const other = await fixture.addSource({ space_key: "OPS" });
  await put({ pageId: "1", title: "Here", chunks: ["Oil the zeppelin gearbox"] });
  await put({
    pageId: "1",
    title: "There",
    chunks: ["Oil the zeppelin gearbox too"],
    sourceId: other,
  });
  expect((await answer({ page_id: "1" })).body.error).toMatchObject({
    code: "page_ambiguous",
    details: { source_ids: expect.arrayContaining([sourceId, other]) },
  });
  expect((await explain("1", { source_id: other })).page.title).toBe("There");
  expect((await explain(`${sourceId}~1`)).page.title).toBe("Here");
});

it("what a page says is not told to whom the search may not show it", async () => {
  await put({ pageId: "1", title: "Salaries", chunks: ["Oil the zeppelin gearbox with secret grease"] });
  await fixture.database.sql`update archon_sources set access = 'unrestricted', access_verified_at = now()`;
  const explained = await explain("1");
  expect(explained).toMatchObject({
    verdict: "not_readable",
    message: expect.stringContaining("/api/access/explain"),
    hit: null,
    rank: null,
    words_missing: [],
    last_returned: null,
  });
  for (const asked of [{ visibility: "all" }, { on_behalf_of: { account_id: "nobody" } }])
    expect((await answer({ page_id: "1", ...asked })).body.error.code).toBe("scope_required");
  await fixture.database.sql`update archon_sources set access = 'everything'`;
  expect(await explain("1")).toMatchObject({ verdict: "shown", hit: { heading_path: [] } });
});

it("whoever may only list pages learns no word of what they say", async () => {
  await put({ pageId: "1", title: "Salaries", chunks: ["Oil the zeppelin gearbox with secret grease"] });
  const refused = await answer({ page_id: "1", query: "secret diamonds" }, ["sources:read"]);
  expect([refused.status, refused.body.error.code]).toEqual([403, "scope_required"]);
  expect(refused.body.error.details).toEqual({ scope: "search" });
  for (const scope of ["search", "search:all", "search:on-behalf-of"])
    expect((await answer({ page_id: "1" }, ["sources:read", scope])).status).toBe(200);
});

it("an empty query is refused as by the search", async () => {
  expect((await answer({ page_id: "1", query: "  " })).body.error.code).toBe("empty_query");
});
