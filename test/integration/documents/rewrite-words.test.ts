import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { WORDS_REVISION } from "#shared/documents/index-words.ts";
import { rewriteWords } from "#shared/documents/rewrite-words.ts";
import { searchDocuments } from "#shared/documents/search.ts";
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
  await addSource(database.sql, embedder, { sourceId: "docs", language: "english" });
});
afterAll(() => database.close());

const inTime = () => true;
const put = (pageId: string, chunks: string[], title = `Page ${pageId}`) =>
  store(database.sql, embedder, { pageId, title, chunks });
const byWords = async (query: string) =>
  (
    await searchDocuments(database.sql, {
      query,
      embedding: null,
      matchCount: 10,
      returnMode: "chunks",
      readable: null,
    })
  ).hits.map((hit) => hit.pageId);

/** As the release before wrote words: the parser's, of the whole text. */
const writeOldWords = () => database.sql`
  update archon_crawled_pages c set words_revision = ${WORDS_REVISION - 1}, search_vector =
    setweight(to_tsvector('english', p.title), 'A') || to_tsvector('english', c.content)
  from confluence_pages p where p.source_id = c.source_id and p.page_id = c.page_id`;
const vectors = () => database.sql`
  select chunk_id, ctid::text, xmin::text, embedding::text from archon_chunk_embeddings order by 1`;
const chunks = () => database.sql`
  select id, page_id, chunk_number, content, heading_path, input_hash, metadata, search_vector::text, words_revision
  from archon_crawled_pages order by id`;

it("outdated words are written again as a sync writes them, without touching a vector", async () => {
  await put("zh", ["恢复时请联系值班工程师。", "备份 backups"], "数据库");
  await put("cs", ["Services in C# and café"]);
  const [storedNow, vectorsNow] = [await chunks(), await vectors()];
  await writeOldWords();
  expect(await byWords("值班工程师")).toEqual([]);
  expect(await byWords("backups")).toEqual(["zh"]);

  expect(await rewriteWords(database.sql, { inTime })).toBe(2);

  expect(await byWords("值班工程师")).toEqual(["zh"]);
  expect(await byWords("cafe")).toEqual(["cs"]);
  expect(await chunks()).toEqual(storedNow);
  expect(await vectors()).toEqual(vectorsNow);
  expect(await rewriteWords(database.sql, { inTime })).toBe(0);
});

it("rewriting words stops at its limit and in time, between pages, and goes on from there", async () => {
  for (const page of ["a", "b", "c"]) await put(page, ["值班工程师", "联系值班工程师"]);
  await writeOldWords();
  const outdated = async () => {
    const rows = await database.sql<{ page_id: string }[]>`
      select page_id from archon_crawled_pages where words_revision < ${WORDS_REVISION} order by id`;
    return rows.map((row) => row.page_id);
  };

  expect(await rewriteWords(database.sql, { inTime: () => false })).toBe(0);
  expect(await rewriteWords(database.sql, { inTime, pages: 1 })).toBe(1);
  expect(await outdated()).toHaveLength(4);
  let looks = 0;
  expect(await rewriteWords(database.sql, { inTime: () => (looks += 1) < 3 })).toBe(1);
  expect(new Set(await outdated()).size).toBe(1);
  expect(await rewriteWords(database.sql, { inTime })).toBe(1);
  expect(await outdated()).toEqual([]);
});

it("chunks that a swap keeps are written again, and those of a source being deleted are left", async () => {
  await put("page", ["值班工程师", "old text"]);
  await writeOldWords();
  await store(database.sql, embedder, { pageId: "page", version: 2, chunks: ["值班工程师", "new text"] });
  expect(await byWords("值班工程师")).toEqual([]);
  await database.sql`update archon_sources set status = 'deleting'`;
  expect(await rewriteWords(database.sql, { inTime })).toBe(0);
  await database.sql`update archon_sources set status = 'active'`;
  expect(await rewriteWords(database.sql, { inTime })).toBe(1);
  expect(await byWords("值班工程师")).toEqual(["page"]);
});

it("the index of outdated chunks is of the current revision", async () => {
  const [index] = await database.sql<{ definition: string }[]>`
    select indexdef as definition from pg_indexes where indexname = 'archon_crawled_pages_outdated_words'`;
  expect(index?.definition).toContain(`(words_revision < ${WORDS_REVISION})`);
});
