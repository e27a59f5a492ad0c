import { afterAll, beforeAll, expect, it } from "vitest";
import { searchDocuments } from "#shared/documents/search.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const sourceId of ["billing", "others"])
    await addSource(database.sql, embedder, { sourceId, spaceKey: sourceId });
});
afterAll(() => database.close());

/** `pages` pages of ten chunks with this text. */
async function fill(sourceId: string, pages: number, text: string) {
  await database.sql`
    insert into confluence_pages (source_id, page_id, title, version, chunk_count)
    select ${sourceId}, ${text} || lpad(n::text, 6, '0'), 'Title ' || n, 1, 10 from generate_series(1, ${pages}::int) n`;
  await database.sql`
    insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, words_revision, created_at)
    select ${sourceId}, ${text} || lpad(n::text, 6, '0'), 'https://site.example', c, ${text}, n || '-' || c,
      to_tsvector('english', ${text}), 2, now()
    from generate_series(1, ${pages}::int) n, generate_series(1, 10) c`;
}

it("in a space where thousands of chunks have some of the words, the one that has all of them comes first", async () => {
  await fill("billing", 211, "an invoice");
  await fill("billing", 1, "the customer of an invoice");
  await fill("others", 300, "every customer and no bill");
  await fill("others", 100, "no invoice at all");
  await database.sql`analyze archon_crawled_pages, confluence_pages`;
  const { hits } = await searchDocuments(database.sql, {
    query: "customer invoice",
    embedding: null,
    spaces: ["billing"],
    matchCount: 3,
    candidates: 800,
    returnMode: "chunks",
    readable: null,
  });
  expect(hits[0]?.content).toBe("the customer of an invoice");
});
