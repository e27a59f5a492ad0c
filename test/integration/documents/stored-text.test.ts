import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  countWords,
  findStoredPages,
  listStoredChunks,
  readPageText,
} from "#shared/documents/stored-text.ts";
import { readDocument } from "#shared/documents/read-in-order/read-document.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder();
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSource(database.sql, embedder, { sourceId: "docs" });
  await store(database.sql, embedder, { pageId: "1", chunks: ["old text", "new text"] });
});
afterAll(() => database.close());

/** What each way of reading the page returns of it. */
async function read() {
  const { sql } = database;
  const everybody = { readable: null };
  const page = { sourceId: "docs", pageId: "1", ...everybody };
  const { chunks, total } = await listStoredChunks(sql, {
    sourceId: "docs",
    urlContains: null,
    limit: 10,
    offset: 0,
    ...everybody,
  });
  const document = await readDocument(sql, page);
  const { pages } = await findStoredPages(sql, page, 10);
  return {
    chunks: [chunks.map(({ content }) => content), total],
    text: await readPageText(sql, page),
    document: document?.chunks.map(({ content }) => content),
    words: [pages[0]?.wordCount, (await countWords(sql, ["docs"], null)).get("docs")],
  };
}

it("no way of reading shows a chunk that another writer has marked for deletion beside new ones", async () => {
  await database.sql`
    update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}' where content = 'old text'`;
  expect(await read()).toEqual({
    chunks: [["new text"], 1],
    text: "new text",
    document: ["new text"],
    words: [2, 2],
  });
});

it("every way of reading shows a page whose chunks are all marked, until they are replaced", async () => {
  await database.sql`update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}'`;
  const both = ["old text", "new text"];
  expect(await read()).toEqual({ chunks: [both, 2], text: both.join("\n\n"), document: both, words: [4, 4] });
});
