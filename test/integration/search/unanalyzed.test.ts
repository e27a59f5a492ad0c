import { afterEach, describe, expect, it } from "vitest";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { searchDocuments, type SearchRequest } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/*
 * A young table has no statistics: autovacuum does not analyze a table of one row. On guesses the planner once joined from the
 * pages and compared every vector: 2.7 s instead of 20 ms at 125,000 chunks.
 */
const embedder = fakeEmbedder({ dimensions: 16 });
const PAGES = 12;
const CHUNKS_PER_PAGE = 250;

let database: TestDatabase;
afterEach(() => database.close());

async function fill(sources: number): Promise<void> {
  database = await createTestDatabase();
  const { sql } = database;
  for (const table of [
    "archon_sources",
    "confluence_pages",
    "archon_crawled_pages",
    "archon_chunk_embeddings",
  ])
    await sql`alter table ${sql(table)} set (autovacuum_enabled = false)`;
  for (let source = 0; source < sources; source += 1) {
    await addSource(sql, embedder, { sourceId: `source-${source}`, spaceKey: `KEY${source}` });
  }
  for (let page = 0; page < PAGES; page += 1) {
    await store(sql, embedder, {
      sourceId: `source-${page % sources}`,
      pageId: `${page}`,
      labels: ["common"],
      chunks: Array.from({ length: CHUNKS_PER_PAGE }, (_, chunk) => `word${page} text${chunk}`),
    });
  }
}

/** Scans of the vector index, and rows of the vectors' table that were read, in one search. */
async function cost(request: Partial<SearchRequest>): Promise<{ vectorScans: number; vectorsRead: number }> {
  const [vector = []] = await embedder.embed(["word3 text7"]);
  return transaction(database.sql, async (tx) => {
    const before = await counted(tx);
    await searchDocuments(tx, {
      query: "word3 text7",
      embedding: { model: embedder.model, vector },
      matchCount: 5,
      returnMode: "chunks",
      ...request,
    });
    const after = await counted(tx);
    return { vectorScans: after.scans - before.scans, vectorsRead: after.read - before.read };
  });
}

async function counted(tx: Sql): Promise<{ scans: number; read: number }> {
  const [row] = await tx<{ scans: number; read: number }[]>`
    select (select pg_stat_get_xact_numscans(index_name::regclass)::int from embedding_models limit 1) as scans,
      pg_stat_get_xact_tuples_returned('archon_chunk_embeddings'::regclass)::int as read`;
  return row ?? { scans: 0, read: 0 };
}

describe.each([1, 2, 50])("a search of %i sources that were never analyzed", (sources) => {
  const shapes: Record<string, Partial<SearchRequest>> = {
    "without a filter": {},
    "by pages": { returnMode: "pages" },
    "within the sources": { sources: Array.from({ length: sources }, (_, n) => `source-${n}`) },
    "within the spaces": { spaces: Array.from({ length: sources }, (_, n) => `KEY${n}`) },
    "within a label of every page": { labels: ["common"] },
    "since long ago": { updatedSince: new Date("2000-01-01T00:00:00Z") },
  };

  it("asks the vector index, and reads no vector table row by row, whatever the filter", async () => {
    await fill(sources);
    const [statistics] =
      await database.sql`select count(*)::int as n from pg_stats where tablename = 'archon_sources'`;
    expect(statistics).toEqual({ n: 0 });
    for (const [shape, request] of Object.entries(shapes)) {
      const { vectorScans, vectorsRead } = await cost(request);
      expect({ shape, vectorScans }).toEqual({ shape, vectorScans: 1 });
      // A sequential scan of the table returns each of its rows.
      expect(vectorsRead, shape).toBeLessThan(PAGES * CHUNKS_PER_PAGE);
    }
  });
});
