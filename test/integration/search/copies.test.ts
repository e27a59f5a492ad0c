import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store, type TestPage } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 64 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs", spaceKey: "DOCS" });
});
afterAll(() => database.close());

const put = (page: TestPage) => store(database.sql, embedder, page);

async function search(query: string, request: Partial<SearchRequest> = {}) {
  const [vector = []] = await embedder.embed([query]);
  return searchDocuments(database.sql, {
    query,
    embedding: { model: embedder.model, vector },
    matchCount: 10,
    returnMode: "chunks",
    readable: null,
    ...request,
  });
}

const RETRIEVERS = ["hybrid", "vector", "keyword"] as const;
const MODES = ["chunks", "pages"] as const;

describe("copies of the same content", () => {
  it.each(MODES)(
    "copies of one content are one hit that names the other pages, for %s",
    async (returnMode) => {
      await put({ pageId: "a", title: "Guide 1.0", chunks: ["Oil the zeppelin gearbox."] });
      await put({ pageId: "b", title: "Guide 2.0", chunks: ["Oil the zeppelin gearbox."] });
      await put({ pageId: "c", title: "Another", chunks: ["A zeppelin gearbox is loud."] });
      for (const retrievers of RETRIEVERS) {
        const { hits, totalFound } = await search("oil zeppelin gearbox", { returnMode, retrievers });
        expect([retrievers, totalFound, hits.length]).toEqual([retrievers, 2, 2]);
        const [copied, single] = [
          hits.find((hit) => hit.pageId !== "c"),
          hits.find((hit) => hit.pageId === "c"),
        ];
        const other = copied?.pageId === "a" ? "b" : "a";
        expect(copied).toMatchObject({ alsoOn: [{ pageId: other, space: "DOCS" }], alsoOnTotal: 1 });
        expect(single).toMatchObject({ alsoOn: [], alsoOnTotal: 0 });
      }
    },
  );

  it("chunks of one long document do not use up the results of a search for pages", async () => {
    await put({
      pageId: "long",
      title: "Zeppelin manual",
      chunks: Array.from({ length: 150 }, (_, n) => `Zeppelin gearbox, paragraph ${n}.`),
    });
    for (const name of ["a", "b", "c", "d"])
      await put({
        pageId: name,
        title: "Notes",
        chunks: [`On page ${name} a zeppelin is named once, and then much else.`],
      });
    for (const retrievers of RETRIEVERS) {
      const { hits } = await search("zeppelin gearbox", { returnMode: "pages", matchCount: 5, retrievers });
      expect([retrievers, new Set(hits.map((hit) => hit.pageId)).size]).toEqual([retrievers, 5]);
    }
  });

  it("the best of the copies is the hit, and of equal ones that of the page modified last", async () => {
    const chunks = ["Oil the gearbox."];
    const put3 = (pageId: string, title: string, year: string | null) =>
      put({ pageId, title, chunks, modifiedAt: year === null ? null : new Date(year) });
    await put3("never", "Guide", null);
    await put3("old", "Guide", "2024");
    await put3("new", "Guide", "2026");
    await put3("older", "Guide", "2023");
    const order = async (query: string) => {
      const [hit] = (await search(query)).hits;
      return [hit?.pageId, ...(hit?.alsoOn ?? []).map((page) => page.pageId)];
    };
    expect(await order("oil gearbox")).toEqual(["new", "old", "older", "never"]);
    await put3("titled", "Zeppelin gearbox", "2020");
    expect((await order("zeppelin gearbox"))[0]).toBe("titled");
  });

  it("the same content twice on one page is one hit, which does not name its own page", async () => {
    await put({
      pageId: "a",
      chunks: [
        { content: "No zeppelin known.", headingPath: ["Issues"] },
        { content: "No zeppelin known.", headingPath: ["Limits"] },
      ],
    });
    const { hits, totalFound } = await search("zeppelin");
    expect([totalFound, hits.map((hit) => hit.alsoOnTotal)]).toEqual([1, [0]]);
  });

  it("pages without text are not copies of each other", async () => {
    await put({ pageId: "a", title: "Zeppelin engines", chunks: [""] });
    await put({ pageId: "b", title: "Zeppelin gearboxes", chunks: [""] });
    for (const returnMode of MODES)
      expect((await search("zeppelin", { returnMode })).hits.map((hit) => hit.alsoOnTotal)).toEqual([0, 0]);
  });

  it("pages with the same chunk remain two hits when another chunk of theirs matches better", async () => {
    const shared = "Contact the zeppelin team.";
    await put({ pageId: "a", title: "A", chunks: [shared, "A zeppelin gearbox and its oil."] });
    await put({ pageId: "b", title: "B", chunks: [shared, "Gearbox of another zeppelin, oil included."] });
    const { hits } = await search("zeppelin gearbox oil", { returnMode: "pages", embedding: null });
    expect(hits.map((hit) => [hit.pageId, hit.alsoOnTotal]).sort()).toEqual([
      ["a", 0],
      ["b", 0],
    ]);
  });

  it.each([
    ["hidden", "update confluence_pages set missing_since = now() where page_id = 'secret'", {}],
    ["deleted", "update confluence_pages set is_deleted = true where page_id = 'secret'", {}],
    ["filtered out", "", { labels: ["shown"] }],
  ] as const)("a page that is %s is not named beside its copy", async (_, statement, filter) => {
    await put({ pageId: "open", title: "Open", labels: ["shown"], chunks: ["Oil the gearbox."] });
    await put({ pageId: "secret", title: "Secret", chunks: ["Oil the gearbox."] });
    expect((await search("oil gearbox")).hits).toMatchObject([{ alsoOnTotal: 1 }]);
    await database.sql.unsafe(statement);
    for (const returnMode of MODES)
      expect((await search("oil gearbox", { returnMode, ...filter })).hits).toMatchObject([
        { pageId: "open", alsoOn: [], alsoOnTotal: 0 },
      ]);
  });
});

describe("among a hundred copies of one page", () => {
  beforeEach(async () => {
    for (let copy = 0; copy < 100; copy += 1)
      await put({ pageId: `copy${copy}`, title: "Manual", chunks: ["zeppelin gearbox oil"] });
    for (let other = 0; other < 10; other += 1)
      await put({
        pageId: `other${other}`,
        title: "Notes",
        chunks: [`zeppelin with gearbox number${other} of some oil make`],
      });
  });

  it.each(MODES.flatMap((mode) => RETRIEVERS.map((retrievers) => [mode, retrievers] as const)))(
    "among a hundred copies of one page, as many different %s are found as are asked for, by %s",
    async (returnMode, retrievers) => {
      const request = { returnMode, retrievers, matchCount: 5 };
      const { hits, totalFound } = await search("zeppelin gearbox oil", request);
      expect(new Set(hits.map((hit) => hit.content)).size).toBe(5);
      expect(totalFound).toBe(11);
      const copied = hits.find((hit) => hit.pageId.startsWith("copy"));
      expect([copied?.alsoOn.length, copied?.alsoOnTotal]).toEqual([10, 99]);
      expect(new Set(copied?.alsoOn.map((page) => page.pageId)).size).toBe(10);
    },
  );
});
