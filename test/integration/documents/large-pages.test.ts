import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** More than two statements' worth of rows, and no multiple of it. */
const CHUNKS = 1003;
const embedder = fakeEmbedder({ dimensions: 8 });
const chunks = Array.from({ length: CHUNKS }, (_, n) => `paragraph ${n}`);

describe("a page of a thousand chunks", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    await addSource(database.sql, embedder, { sourceId: "docs" });
  });
  afterAll(() => database.close());

  /** The chunks with a vector of the model, in their order, and the page's own count of them. */
  const stored = async (model: string) => {
    const rows = await database.sql<{ content: string; number: number; count: number }[]>`
      select c.content, c.chunk_number as number, p.chunk_count as count
      from archon_crawled_pages c join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = ${model}
      join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
      order by c.chunk_number`;
    expect(rows.map(({ number }) => number)).toEqual(rows.map((_, n) => n));
    return { contents: rows.map(({ content }) => content), count: rows[0]?.count };
  };

  it("a page of a thousand chunks is stored with every chunk and vector, in their order", async () => {
    expect(await store(database.sql, embedder, { pageId: "1", chunks })).toEqual({
      outcome: "added",
      chunksAdded: CHUNKS,
      chunksKept: 0,
      chunksRemoved: 0,
      embeddingsCreated: CHUNKS,
      embeddingsReused: 0,
    });
    expect(await stored(embedder.model)).toEqual({ contents: chunks, count: CHUNKS });
  });

  it("a page of a thousand chunks keeps those that only move when one is inserted before them", async () => {
    await store(database.sql, embedder, { pageId: "1", chunks });
    const edited = ["a new beginning", ...chunks.slice(0, -1)];
    expect(await store(database.sql, embedder, { pageId: "1", version: 2, chunks: edited })).toMatchObject({
      outcome: "updated",
      chunksAdded: 1,
      chunksKept: CHUNKS - 1,
      chunksRemoved: 1,
      embeddingsCreated: 1,
    });
    expect(await stored(embedder.model)).toEqual({ contents: edited, count: CHUNKS });
  });

  it("a page of a thousand chunks gets every vector of a new model, and keeps its rows", async () => {
    await store(database.sql, embedder, { pageId: "1", chunks });
    const next = fakeEmbedder({ model: "next", dimensions: 8 });
    await database.sql`update archon_sources set embedding_model = 'next'`;
    expect(await store(database.sql, next, { pageId: "1", version: 2, chunks })).toEqual({
      outcome: "updated",
      chunksAdded: 0,
      chunksKept: CHUNKS,
      chunksRemoved: 0,
      embeddingsCreated: CHUNKS,
      embeddingsReused: 0,
    });
    expect(await stored("next")).toEqual({ contents: chunks, count: CHUNKS });
  });
});
