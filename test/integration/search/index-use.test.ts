import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 16 });
let database: TestDatabase;
let vectorIndex = "";
beforeAll(async () => {
  database = await createTestDatabase();
  await stopAutovacuum(database.sql, ["archon_crawled_pages"]);
  await addSource(database.sql, embedder, { sourceId: "docs" });
  // More chunks than a search compares one by one (2,000).
  for (let page = 0; page < 12; page += 1) {
    const chunks = Array.from({ length: 200 }, (_, chunk) => `word${page} text${chunk}`);
    await store(database.sql, embedder, {
      pageId: `${page}`,
      labels: page === 0 ? ["rare"] : ["common"],
      chunks,
    });
  }
  await database.sql`analyze`;
  const [row] = await database.sql<{ index_name: string }[]>`select index_name from embedding_models`;
  vectorIndex = row?.index_name ?? "";
}, 120_000);
afterAll(() => database.close());

/** Index scans that one search starts, by index, as the server counts them within the transaction. */
async function scans(request: Partial<SearchRequest>): Promise<Record<string, number>> {
  const [vector = []] = await embedder.embed(["word3 text7"]);
  return transaction(database.sql, async (tx) => {
    // Tables this small are read whole otherwise.
    await tx`set local enable_seqscan = off`;
    const before = await counted(tx);
    await searchDocuments(tx, {
      query: "word3 text7",
      embedding: { model: embedder.model, vector },
      matchCount: 5,
      returnMode: "chunks",
      readable: null,
      ...request,
    });
    const after = await counted(tx);
    const started = [...after].map(([name, count]): [string, number] => [
      name,
      count - (before.get(name) ?? 0),
    ]);
    return Object.fromEntries(started.filter(([, count]) => count > 0));
  });
}

/** Scans that this session has not reported yet. */
async function counted(tx: Sql): Promise<Map<string, number>> {
  const rows = await tx<{ name: string; scans: number }[]>`
    select relname as name, pg_stat_get_xact_numscans(oid)::int as scans from pg_class where relkind = 'i'`;
  return new Map(rows.map((row) => [row.name, row.scans]));
}

describe("with sequential scans off, a search", () => {
  const keywords = "archon_crawled_pages_search";
  const chunksOfPage = "archon_crawled_pages_source_id_page_id_chunk_number_key";

  it("with sequential scans off, a search uses the vector index of its model and the full text index", async () => {
    expect(await scans({})).toMatchObject({ [vectorIndex]: 1, [keywords]: expect.any(Number) });
  });

  it("with sequential scans off, a search uses both indexes within sources too, and within labels that many pages have", async () => {
    expect(await scans({ sources: ["docs"] })).toMatchObject({
      [vectorIndex]: 1,
      [keywords]: expect.any(Number),
    });
    expect(await scans({ labels: ["common"] })).toMatchObject({
      [vectorIndex]: 1,
      [keywords]: expect.any(Number),
    });
  });

  it("a search compares vectors one by one, by the chunks of its pages, where a filter leaves few", async () => {
    const used = await scans({ labels: ["rare"], retrievers: "vector" });
    expect(used).not.toHaveProperty(vectorIndex);
    expect(used).toHaveProperty(chunksOfPage);
  });

  it("a search also compares one by one where the index would visit more chunks than allowed to find those of the filter", async () => {
    const { sql } = database;
    // As if these were few of ten million.
    await sql`update pg_class set reltuples = 1e7 where oid = 'archon_crawled_pages'::regclass`;
    try {
      expect(await scans({ labels: ["common"], retrievers: "vector" })).not.toHaveProperty(vectorIndex);
      expect(await scans({ retrievers: "vector" })).toHaveProperty(vectorIndex);
    } finally {
      await sql`analyze archon_crawled_pages`;
    }
  });

  it("a search uses no vector index for words alone, and no full text index for vectors alone", async () => {
    expect(await scans({ embedding: null })).not.toHaveProperty(vectorIndex);
    expect(await scans({ retrievers: "vector" })).not.toHaveProperty(keywords);
  });

  it("a search uses the index of each model, also of one with too many dimensions for the usual type", async () => {
    const large = fakeEmbedder({ model: "large", dimensions: 2001 });
    await addSource(database.sql, large, { sourceId: "large" });
    await store(database.sql, large, { sourceId: "large", pageId: "1", chunks: ["word3 text7"] });
    const [row] = await database.sql<{ index_name: string }[]>`
      select index_name from embedding_models where model = 'large'`;
    const both = await Promise.all(
      [embedder, large].map(async (one) => ({
        model: one.model,
        vector: (await one.embed(["word3 text7"]))[0] ?? [],
      })),
    );
    expect(await scans({ embedding: both })).toMatchObject({ [vectorIndex]: 1, [row?.index_name ?? ""]: 1 });
  });
});
