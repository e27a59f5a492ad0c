import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 256 });
const other = fakeEmbedder({ model: "other", dimensions: 256 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const put = (pageId: string, content: string, title = `Page ${pageId}`) =>
  store(database.sql, embedder, { pageId, title, chunks: [content] });
const setWeight = ({ model }: Embedder, weight: number) =>
  database.sql`update embedding_models set vector_weight = ${weight} where model = ${model}`;
/** The vector of a page, as if the query meant just that. */
const meaning = async (model: Embedder, pageId: string, content: string) => ({
  model: model.model,
  vector: (await model.embed([`Page ${pageId}\n\n${content}`]))[0] ?? [],
});
const found = async (query: string, embedding: SearchRequest["embedding"]) => {
  const request = { query, embedding, matchCount: 10, returnMode: "chunks" as const, readable: null };
  return (await searchDocuments(database.sql, request)).hits.map((hit) => hit.pageId);
};

it("the weight of its model decides between a near page and one with the words", async () => {
  await put("near", "a walrus with a lantern");
  await put("words", "how the gromphadorhina hisses");
  const near = await meaning(embedder, "near", "a walrus with a lantern");
  await setWeight(embedder, 0);
  expect(await found("gromphadorhina", near)).toEqual(["words", "near"]);
  await setWeight(embedder, 30);
  expect(await found("gromphadorhina", near)).toEqual(["near", "words"]);
});

it("vectors of each model count by the weight of their own", async () => {
  await addSource(database.sql, other, { sourceId: "elsewhere" });
  await put("near", "a walrus with a lantern");
  await put("words", "how the gromphadorhina hisses");
  await store(database.sql, other, {
    sourceId: "elsewhere",
    pageId: "nearby",
    chunks: ["a zeppelin and its gearbox"],
  });
  const embeddings = [
    await meaning(embedder, "near", "a walrus with a lantern"),
    await meaning(other, "nearby", "a zeppelin and its gearbox"),
  ];
  await setWeight(embedder, 30);
  await setWeight(other, 0);
  expect(await found("gromphadorhina", embeddings)).toEqual(["near", "words", "nearby"]);
  await setWeight(embedder, 0);
  await setWeight(other, 30);
  expect(await found("gromphadorhina", embeddings)).toEqual(["nearby", "words", "near"]);
});

it("of chunks with the same words, the short one ranks above the long one", async () => {
  // Stored first, it would come first were both alike.
  await put(
    "long",
    `The zeppelin needs a gearbox. ${"Many other things are described here as well. ".repeat(20)}
    ${Array.from({ length: 100 }, (_, index) => `Subject${index}`).join(", ")}.`,
  );
  await put("short", "The zeppelin needs a gearbox.");
  expect(await found("zeppelin gearbox", null)).toEqual(["short", "long"]);
});

it("a source in another language takes nothing from what a chunk with the words is worth", async () => {
  await addSource(database.sql, embedder, { sourceId: "dienst", language: "german", spaceKey: "DIENST" });
  await addSource(database.sql, embedder, { sourceId: "plain", language: "simple", spaceKey: "PLAIN" });
  await put("words", "the gateways answered");
  await put("one", "the gateway was painted");
  const worth = async (spaces: string[] | null) => {
    const request = {
      query: "gateways answering",
      embedding: null,
      matchCount: 10,
      returnMode: "chunks" as const,
    };
    const { hits } = await searchDocuments(database.sql, { ...request, spaces, readable: null });
    return hits.map(({ pageId, explanation: { words } }) => [pageId, words?.relevance, words?.coverage]);
  };
  expect(await worth(null)).toEqual(await worth(["docs"]));
  await store(database.sql, embedder, {
    sourceId: "plain",
    pageId: "unstemmed",
    title: "Page",
    chunks: ["gateways answering"],
  });
  const coverages = new Map((await worth(null)).map(([pageId, , coverage]) => [pageId, coverage]));
  expect([coverages.get("words"), coverages.get("unstemmed")]).toEqual([1, 1]);
});
