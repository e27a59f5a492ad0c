import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const put = (pageId: string, content: string) =>
  store(database.sql, embedder, { pageId, title: "Notes", chunks: [content] });
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

it("each retriever is asked for more chunks than are wanted: for pages even more, from 60 up to 800", async () => {
  const asked = async (returnMode: SearchRequest["returnMode"], matchCount: number) =>
    (await search("zeppelin", { returnMode, matchCount })).candidates.atMost;
  for (const [count, atMost] of [
    [1, 60],
    [15, 60],
    [16, 64],
    [200, 800],
    [500, 800],
  ] as const)
    expect(await asked("chunks", count)).toBe(atMost);
  for (const [count, atMost] of [
    [6, 60],
    [7, 70],
    [90, 800],
  ] as const)
    expect(await asked("pages", count)).toBe(atMost);
});

it("a search asks for four times as many candidates where copies used them up, and not where none are left", async () => {
  for (const pageId of ["a", "b", "c"]) await put(pageId, "Oil the zeppelin gearbox");
  await put("d", "A zeppelin");
  const found = async (request: Partial<SearchRequest>) => {
    const { hits, candidates, totalFound } = await search("oil zeppelin gearbox", request);
    return { hits: hits.length, totalFound, ...candidates };
  };
  expect(await found({ matchCount: 2, candidates: 2 })).toEqual({
    hits: 2,
    totalFound: 2,
    atMost: 8,
    byVector: 4,
    byWords: 4,
    duplicates: 2,
  });
  expect(await found({ matchCount: 1, candidates: 2 })).toMatchObject({ hits: 1, atMost: 2 });
  expect(await found({ matchCount: 3, candidates: 8 })).toMatchObject({ hits: 2, atMost: 8 });
});

it("a hit is by vector, by words or by both, and its explanation says how it ranks in each", async () => {
  await put("near", "walrus lantern");
  await put("word", "gromphadorhina");
  const [vector = []] = await embedder.embed(["Notes\n\nwalrus lantern"]);
  const all = await search("gromphadorhina", { embedding: { model: embedder.model, vector } });
  const hit = (pageId: string) => all.hits.find((one) => one.pageId === pageId);
  expect(hit("near")).toMatchObject({
    matchType: "vector",
    similarity: hit("near")?.explanation.vector?.similarity,
    explanation: { vector: { rank: 1 }, words: null },
  });
  expect(hit("word")).toMatchObject({
    matchType: "hybrid",
    explanation: { vector: { rank: 2 }, words: { rank: 1, coverage: 1, isNamed: false, isTitled: false } },
  });
  const byWords = (await search("gromphadorhina", { embedding: null })).hits;
  expect(byWords).toMatchObject([
    { matchType: "keyword", similarity: null, explanation: { vector: null, words: { rank: 1 } } },
  ]);
  expect(Object.keys(byWords[0] ?? {})).not.toContain("summary");
});

it("a search is of the retrievers that it was asked for, also where there is no source", async () => {
  await put("1", "zeppelin");
  for (const retrievers of ["hybrid", "vector", "keyword"] as const)
    expect((await search("zeppelin", { retrievers })).searchMode).toBe(retrievers);
  expect(await search("zeppelin", { sources: [] })).toMatchObject({
    searchMode: "hybrid",
    sourcesSearched: 0,
    byWordsAlone: { sources: 0, models: [] },
  });
});

it("a query of more than 4000 characters is searched by its first 4000", async () => {
  await put("1", "zeppelin");
  const found = async (query: string) => (await search(query, { embedding: null })).hits.length;
  expect(await found(`${"lantern ".repeat(499)}zeppelin walrus`)).toBe(1);
  expect(await found(`${"lantern ".repeat(500)}zeppelin walrus`)).toBe(0);
  expect(await found("lantern\u0000zeppelin")).toBe(1);
});
