import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
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

describe.each(["/api/rag/query", "/api/knowledge-items/search", "/api/knowledge/search"])(
  "POST %s",
  (path) => {
    const search = async (body: object) => (await fixture.api("POST", path, { body })).body;

    it.each([
      ["chunks", 10],
      ["pages", 10],
      ["chunks", 1],
    ])(
      "a search names the other pages with the content of a hit (%s, match_count %i)",
      async (mode, count) => {
        await put({ pageId: "1", title: "Guide 1.0", chunks: ["Oil the zeppelin gearbox"] });
        await put({ pageId: "2", title: "Guide 2.0", chunks: ["Oil the zeppelin gearbox"] });
        await put({ pageId: "3", title: "Lanterns", chunks: ["Light the lantern"] });
        const body = await search({ query: "oil zeppelin gearbox", return_mode: mode, match_count: count });
        expect([body.total_found, body.results.length]).toEqual([2, Math.min(2, count)]);
        const [hit] = body.results;
        const other = hit.page_id === "1" ? "2" : "1";
        expect(hit.also_on).toEqual([
          {
            page_id: other,
            title: `Guide ${other}.0`,
            url: `https://site.example/wiki/spaces/DOCS/pages/${other}`,
            space: "DEMO",
          },
        ]);
        expect(hit.also_on_total).toBe(1);
        expect(hit).not.toHaveProperty("explanation");
        expect(body).not.toHaveProperty("explained");
      },
    );

    it.each(["chunks", "pages"])(
      "a search with explain returns rank and score by retriever (%s)",
      async (mode) => {
        await put({ pageId: "1", title: "Gearbox", chunks: ["Oil the zeppelin gearbox with ERR_OIL_7"] });
        await put({ pageId: "2", title: "Lanterns", chunks: ["Light it"] });
        const { results, explained } = await search({
          query: "gearbox ERR_OIL_7",
          return_mode: mode,
          explain: true,
        });
        expect(results).toHaveLength(2);
        const [named, unnamed] = results;
        expect(named.explanation).toEqual({
          vector: { rank: 1, similarity: expect.any(Number) },
          words: { rank: 1, relevance: expect.any(Number), coverage: 1, is_named: true, is_titled: false },
          vector_weight: expect.any(Number),
          score: named.score,
        });
        expect(unnamed.explanation).toMatchObject({ vector: { rank: 2 }, words: null, score: unnamed.score });
        expect(explained).toEqual({
          candidates_at_most: 60,
          candidates_by_vector: 2,
          candidates_by_words: 1,
          duplicates: 0,
          sources_searched: 1,
          removed_by_filter: { source: 0, space: 0, kinds: 0, labels: 0, updated_since: 0 },
        });
        const titled = (await search({ query: "gearbox", explain: true })).results[0];
        expect(titled.explanation.words).toMatchObject({ rank: 1, is_titled: true });
      },
    );

    it("a search with explain counts what each filter removes", async () => {
      const other = await fixture.addSource({ space_key: "OPS" });
      const old = new Date("2020-01-01");
      await put({ pageId: "kept", labels: ["ops"], chunks: ["zeppelin one"] });
      await put({ pageId: "unlabelled", chunks: ["zeppelin two"] });
      await put({ pageId: "old", labels: ["ops"], modifiedAt: old, chunks: ["zeppelin three"] });
      await put({ pageId: "undated", labels: ["ops"], modifiedAt: null, chunks: ["zeppelin four"] });
      await put({ pageId: "elsewhere", sourceId: other, labels: ["ops"], chunks: ["zeppelin five"] });
      await put({ pageId: "hidden", chunks: ["zeppelin six"] });
      await fixture.database.sql`update confluence_pages set missing_since = now() where page_id = 'hidden'`;
      const ask = async (filter: object) => {
        const { explained, results } = await search({ query: "zeppelin", explain: true, ...filter });
        return { found: results.length, removed: explained.removed_by_filter };
      };
      const none = { source: 0, space: 0, kinds: 0, labels: 0, updated_since: 0 };
      expect(await ask({})).toEqual({ found: 5, removed: none });
      expect(await ask({ source: sourceId })).toEqual({ found: 4, removed: { ...none, source: 1 } });
      expect(await ask({ space_key: "demo" })).toEqual({ found: 4, removed: { ...none, space: 1 } });
      expect(await ask({ labels: ["ops"] })).toEqual({ found: 4, removed: { ...none, labels: 1 } });
      const since = { updated_since: "2025-01-01T00:00:00Z" };
      expect(await ask(since)).toEqual({ found: 3, removed: { ...none, updated_since: 2 } });
      expect(await ask({ source: sourceId, labels: ["ops"], ...since })).toEqual({
        found: 1,
        removed: { ...none, source: 1, labels: 1, updated_since: 2 },
      });
    });
  },
);

it("also_on qualifies the id of a page that another site has too", async () => {
  await put({ pageId: "1", title: "Guide 1.0", chunks: ["Oil the zeppelin gearbox"] });
  await put({ pageId: "2", title: "Guide 2.0", chunks: ["Oil the zeppelin gearbox"] });
  const other = await fixture.addSource({ base_url: "https://other.atlassian.net" });
  for (const pageId of ["1", "2"]) await put({ pageId, sourceId: other, chunks: ["Something else"] });
  const body = { query: "oil zeppelin gearbox", match_count: 1 };
  const [hit] = (await fixture.api("POST", "/api/rag/query", { body })).body.results;
  const [copy] = hit.also_on;
  expect([hit.page_id, copy.page_id].sort()).toEqual([`${sourceId}~1`, `${sourceId}~2`]);
  const page = await fixture.api("GET", `/api/pages/${encodeURIComponent(copy.page_id)}`);
  expect(page.body).toMatchObject({ source_id: sourceId, url: copy.url });
});
