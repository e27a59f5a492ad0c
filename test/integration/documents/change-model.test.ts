import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeModel, sourcesOfOtherModels } from "#shared/documents/change-model.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { embedQuery } from "#shared/embeddings/embed-query.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const old = fakeEmbedder({ model: "old", dimensions: 64 });
const next: Embedder = { ...fakeEmbedder({ model: "next", dimensions: 96 }), previous: old };
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, old, { sourceId: "docs" });
  for (let page = 0; page < 6; page += 1)
    await store(database.sql, old, {
      pageId: `${page}`,
      chunks: [`subject${page} first`, `subject${page} second`],
    });
});
afterAll(() => database.close());

const input = (title: string, chunk: { content: string; headingPath: string[] }) =>
  `${[title, ...chunk.headingPath].join(" › ")}\n\n${chunk.content}`;
const step = (embedder = next) =>
  changeModel(database.sql, embedder, { sourceId: "docs", input, pages: 2, rows: 5, now: NOW });

async function nearest(subject: number) {
  const { embeddings } = await embedQuery(next, `subject${subject}`);
  const { hits } = await searchDocuments(database.sql, {
    query: "",
    embedding: embeddings,
    legs: "vector",
    matchCount: 1,
    returnMode: "chunks",
  });
  return hits[0]?.pageId;
}

async function modelsStored() {
  const rows = await database.sql<{ model: string; count: number }[]>`
    select model, count(*)::int from archon_chunk_embeddings group by model order by model`;
  return Object.fromEntries(rows.map((row) => [row.model, row.count]));
}

describe("a source that changes its model", () => {
  it("is searched by the old one until every chunk has the new one, then by the new one only", async () => {
    const states: string[] = [];
    for (let calls = 0; calls < 20 && states.at(-1) !== "done"; calls += 1) {
      states.push((await step()).state);
      for (let subject = 0; subject < 6; subject += 1) expect(await nearest(subject)).toBe(`${subject}`);
    }
    expect(states).toEqual([
      "embedding",
      "embedding",
      "embedding",
      "switched",
      "cleaning",
      "cleaning",
      "cleaning",
      "done",
    ]);
    expect(await modelsStored()).toEqual({ next: 12 });
    expect(await sourcesOfOtherModels(database.sql, "next")).toEqual([]);
  });

  it("does not switch while a page that was swapped meanwhile lacks the new vectors", async () => {
    for (let calls = 0; calls < 3; calls += 1) expect((await step()).state).toBe("embedding");
    await store(
      database.sql,
      next,
      { pageId: "0", version: 2, chunks: ["subject0 rewritten"] },
      { model: "old" },
    );
    expect(await step()).toMatchObject({ state: "embedding", embedded: 1 });
    expect(await nearest(0)).toBe("0");
    expect((await step()).state).toBe("switched");
    expect(await nearest(0)).toBe("0");
  });

  it("makes writers that still embed with the old model come back", async () => {
    for (let calls = 0; calls < 4; calls += 1) await step();
    const late = store(database.sql, next, { pageId: "1", version: 2, chunks: ["late"] }, { model: "old" });
    await expect(late).rejects.toMatchObject({ name: "TransientError", code: "model_changed" });
    const again = await store(database.sql, next, { pageId: "1", version: 2, chunks: ["late"] });
    expect(again.outcome).toBe("updated");
  });

  it("keeps the old vectors, and loses nothing, when the new model fails", async () => {
    const failing: Embedder = { ...next, embed: async () => [[1]] };
    await expect(step(failing)).rejects.toMatchObject({ code: "embedding_count_mismatch" });
    expect(await modelsStored()).toEqual({ old: 12 });
    expect(await sourcesOfOtherModels(database.sql, "next")).toEqual(["docs"]);
    expect(await nearest(3)).toBe("3");
  });
});
