import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
const empty = async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
};
beforeEach(empty);
afterAll(() => database.close());

type Row = { id: string; content: string; number: number; vectors: number; marked: boolean };
const rows = () => database.sql<Row[]>`
  select id::text, content, chunk_number as number, metadata ? '_pending_deletion' as marked,
    (select count(*)::int from archon_chunk_embeddings e where e.chunk_id = c.id) as vectors
  from archon_crawled_pages c where page_id = '1' order by chunk_number`;

/** How many of `after` are in `before` too, each counted once. */
function common(before: readonly string[], after: readonly string[]): number {
  const left = [...before];
  return after.filter((text) => {
    const index = left.indexOf(text);
    if (index !== -1) left.splice(index, 1);
    return index !== -1;
  }).length;
}

/** The page's chunks become `after`, in that order, and what stays of `before` keeps its rows. */
async function swap(version: number, after: readonly string[]): Promise<void> {
  const before = await rows();
  const kept = common(
    before.map((row) => row.content),
    after,
  );
  const result = await store(database.sql, embedder, { pageId: "1", version, chunks: after });
  const stored = await rows();
  expect(stored.map(({ content, number }) => [content, number])).toEqual(after.map((text, n) => [text, n]));
  expect(stored.every((row) => row.vectors === 1 && !row.marked)).toBe(true);
  const ids = new Set(before.map((row) => row.id));
  expect(stored.filter((row) => ids.has(row.id))).toHaveLength(kept);
  expect(result).toMatchObject({
    chunksAdded: after.length - kept,
    chunksKept: kept,
    chunksRemoved: before.length - kept,
  });
}

describe("a swap", () => {
  it.each([
    ["removes the first chunk and appends one", "abcd", "bcde"],
    ["removes the first two and appends one", "abcd", "cde"],
    ["removes the last and puts one first", "abcd", "eabc"],
    ["turns the page round", "abcd", "dcba"],
    ["changes the places of two", "abcd", "acbd"],
    ["inserts one in the middle", "abcd", "abecd"],
    ["repeats one", "abc", "abcab"],
    ["drops a repetition", "aabaa", "aba"],
    ["keeps one of many", "abcdef", "d"],
  ])("a swap that %s leaves the page in its new order", async (_, before, after) => {
    await swap(1, before.split(""));
    await swap(2, after.split(""));
  });

  it("a swap leaves any page in its new order, after any other", async () => {
    const page = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 2, maxLength: 4 }), async (pages) => {
        await empty();
        for (const [index, chunks] of pages.entries()) await swap(index + 1, chunks);
      }),
      { numRuns: 15 },
    );
  });

  it("a swap of one page touches no chunk of another, nor of the same page in another source", async () => {
    await addSource(database.sql, embedder, { sourceId: "other", spaceKey: "OTHER" });
    await store(database.sql, embedder, { pageId: "2", chunks: ["a", "b"] });
    await store(database.sql, embedder, { sourceId: "other", pageId: "1", chunks: ["a", "b"] });
    const others = async () => [
      await database.sql`
        select id, source_id, page_id, chunk_number, content from archon_crawled_pages
        where page_id = '2' or source_id = 'other' order by id`,
      await database.sql`
        select * from confluence_pages where page_id = '2' or source_id = 'other' order by source_id, page_id`,
    ];
    const before = await others();
    await store(database.sql, embedder, { pageId: "1", chunks: ["a", "b", "c"] });
    const result = await store(database.sql, embedder, { pageId: "1", version: 2, chunks: ["b", "x"] });
    expect(result).toMatchObject({ embeddingsCreated: 1, embeddingsReused: 1 });
    expect(await others()).toEqual(before);
    const [page] = await database.sql`
      select chunk_count from confluence_pages where source_id = 'docs' and page_id = '1'`;
    expect(page?.chunk_count).toBe(2);
  });
});
