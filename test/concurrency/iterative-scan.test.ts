import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchDocuments } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 32 });
/** More than `hnsw.ef_search` of nearest_chunks. */
const VERSIONS = 900;
/** Of each of 300 other pages: in all more chunks than a search compares one by one (2,000). */
const CHUNKS = 7;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 1 });
  await stopAutovacuum(database.sql, ["archon_chunk_embeddings"]);
  await addSource(database.sql, embedder, { sourceId: "docs" });
  for (let page = 0; page < 300; page += 1)
    await store(database.sql, embedder, {
      pageId: `other${page}`,
      chunks: Array.from({ length: CHUNKS }, (_, chunk) => `unrelated matter number ${page} part ${chunk}`),
    });
  // Each version's vector lies nearer to the question than any other page's; nothing is vacuumed away.
  for (let version = 1; version <= VERSIONS; version += 1)
    await store(database.sql, embedder, {
      pageId: "churned",
      title: "Churned",
      version,
      // The last one lies behind all that are dead.
      chunks: [version < VERSIONS ? `rare walrus ${version}` : `rare walrus ${version} at last`],
    });
}, 120_000);
afterAll(() => database.close());

async function nearest() {
  const [vector = []] = await embedder.embed(["Churned\n\nrare walrus"]);
  const { hits } = await searchDocuments(database.sql, {
    query: "rare walrus",
    embedding: { model: embedder.model, vector },
    retrievers: "vector",
    matchCount: 5,
    returnMode: "chunks",
    readable: null,
  });
  return hits.map((hit) => hit.pageId);
}

const alterSearch = async (setting: string) => {
  const [row] = await database.sql<{ signature: string }[]>`
    select p.oid::regprocedure::text as signature from pg_proc p where p.proname = 'nearest_chunks'`;
  await database.sql.unsafe(`alter function ${row?.signature} set hnsw.iterative_scan = ${setting}`);
};

describe("a page embedded more often without a vacuum than a scan has candidates", () => {
  it("a page embedded many times without a vacuum is found first by its vector: the scan continues past dead index entries", async () => {
    expect((await nearest())[0]).toBe("churned");
  });

  it("negative control: without the iterative scan a page embedded many times is not found", async () => {
    await alterSearch("off");
    expect(await nearest()).not.toContain("churned");
    await alterSearch("relaxed_order");
    expect((await nearest())[0]).toBe("churned");
  });
});
