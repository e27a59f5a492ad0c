import { afterAll, beforeAll, expect, it } from "vitest";
import { readPageChunks } from "#shared/documents/page-chunks.ts";
import { startExplainedDatabase, type ExplainedDatabase, rowsOf } from "#test/support/explained-queries.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";

const CHUNKS = 300;
const embedder = fakeEmbedder();
let database: ExplainedDatabase;
beforeAll(async () => {
  database = await startExplainedDatabase();
  await addSource(database.sql, embedder, { sourceId: "docs" });
  for (const version of [1, 2]) {
    const chunks = Array.from({ length: CHUNKS }, (_, n) => `Section ${n} as of version ${version}`);
    await store(database.sql, embedder, { pageId: "1", version, chunks });
  }
});
afterAll(() => database.close());

it.each(["current", "previous"] as const)(
  "the %s chunks of a long page are compared with the other list in one reading of it",
  async (of) => {
    const request = { sourceId: "docs", pageId: "1", of, readable: null, after: null, limit: 200 };
    const nodes = await database.explain(async () => {
      const found = await readPageChunks(database.sql, request);
      expect(found?.chunks).toHaveLength(200);
    });
    const rows = nodes.reduce((sum, node) => sum + rowsOf(node), 0);
    expect(rows).toBeGreaterThan(2 * CHUNKS);
    expect(rows).toBeLessThan(40 * CHUNKS);
  },
);
