import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refreshStatistics } from "#shared/documents/refresh-statistics.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 8 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 1 });
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const refresh = async () => {
  await database.sql`select pg_stat_force_next_flush()`;
  return refreshStatistics(database.sql);
};

describe("refreshStatistics", () => {
  it("lets the search know how common words are, once enough has changed", async () => {
    const chunks = Array.from({ length: 200 }, (_, chunk) => `everywhere only${chunk}`);
    await store(database.sql, embedder, { pageId: "1", chunks });
    expect(await refresh()).toEqual(["archon_chunk_embeddings", "archon_crawled_pages"]);
    const words = await database.sql<{ word: string; frequency: number }[]>`
      select * from question_words('{english}', 'everywhere only7', '{}')`;
    expect(words.map((row) => row.word)).toEqual(["only7", "everywher"]);
    expect(words[1]?.frequency).toBeCloseTo(1);
  });

  it("does nothing when nothing has changed", async () => {
    expect(await refresh()).toEqual([]);
  });
});
