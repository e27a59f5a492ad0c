import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchDocuments } from "#shared/documents/search.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const indexes = (model: string) => database.sql<{ definition: string }[]>`
  select indexdef as definition from pg_indexes i join embedding_models m on m.index_name = i.indexname where m.model = ${model}`;

describe("registerModel", () => {
  it("registerModel creates one index, also when twenty register at the same time", async () => {
    await Promise.all(
      Array.from({ length: database.concurrent ? 20 : 1 }, () =>
        registerModel(database.sql, { model: "same", dimensions: 8, now: NOW }),
      ),
    );
    await registerModel(database.sql, { model: "same", dimensions: 8, now: NOW });
    expect((await indexes("same")).map((row) => row.definition)).toEqual([
      expect.stringMatching(
        /USING hnsw \(\(\(embedding\)::(public\.)?vector\(8\)\) (public\.)?vector_cosine_ops\) WHERE \(model = 'same'::text\)/,
      ),
    ]);
  });

  it("registerModel stores vectors above 2,000 dimensions as halfvec, and search finds them", async () => {
    const large = fakeEmbedder({ model: "large", dimensions: 3072 });
    await addSource(database.sql, large, { sourceId: "docs" });
    await store(database.sql, large, { pageId: "1", chunks: ["some words of a page"] });
    expect((await indexes("large"))[0]?.definition).toContain("halfvec(3072)");
    const [vector = []] = await large.embed(["words of a page"]);
    const { hits } = await searchDocuments(database.sql, {
      query: "",
      embedding: { model: "large", vector },
      retrievers: "vector",
      matchCount: 3,
      returnMode: "chunks",
      readable: null,
    });
    expect(hits.map((hit) => hit.pageId)).toEqual(["1"]);
  });

  it.each([
    ["other dimensions for a known name", { model: "same", dimensions: 9 }, "model_dimensions_differ"],
    [
      "more dimensions than an index holds",
      { model: "huge", dimensions: 4001 },
      "model_dimensions_unsupported",
    ],
    ["no dimension at all", { model: "flat", dimensions: 0 }, "model_dimensions_unsupported"],
    ["a fraction of a dimension", { model: "odd", dimensions: 1.5 }, "model_dimensions_unsupported"],
  ])("registerModel refuses %s", async (_, model, code) => {
    await expect(registerModel(database.sql, { ...model, now: NOW })).rejects.toMatchObject({ code });
  });

  it("registerModel treats any name as a literal, not as SQL", async () => {
    const model = `it's "a" \\ model; drop table archon_sources --`;
    await registerModel(database.sql, { model, dimensions: 4, now: NOW });
    expect(await indexes(model)).toHaveLength(1);
  });
});
