import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  countStored,
  countWords,
  findStoredPages,
  listStoredChunks,
  type PageFinder,
  readPageText,
} from "#shared/documents/stored-text.ts";
import { readBeside, readDocument, threadOf } from "#shared/documents/read-in-order/read-document.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
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

it("chunks are listed page by page, by part of their page's address, with the total of all", async () => {
  await store(database.sql, embedder, { pageId: "2", url: "https://site.example/50%_b", chunks: ["other"] });
  const list = async (urlContains: string | null, limit = 10, offset = 0) => {
    const request = { sourceId: "docs", urlContains, limit, offset, readable: null };
    const { chunks, total } = await listStoredChunks(database.sql, request);
    return [total, ...chunks.map(({ pageId, chunkNumber }) => `${pageId}.${chunkNumber}`)];
  };
  expect(await list(null)).toEqual([3, "1.0", "1.1", "2.0"]);
  expect(await list(null, 1)).toEqual([3, "1.0"]);
  expect(await list(null, 5, 2)).toEqual([3, "2.0"]);
  expect(await list("50%_B")).toEqual([1, "2.0"]);
  expect(await list("50%.b")).toEqual([0]);
  expect(await list(null, 10, 3)).toEqual([3]);
});

it("pages are found by each of their properties, by title, with the total of all", async () => {
  const { sql } = database;
  await addSource(sql, embedder, { sourceId: "other", spaceKey: "OPS" });
  await store(sql, embedder, {
    pageId: "2",
    title: "B",
    url: "https://site.example/b",
    chunks: ["three words here"],
  });
  await store(sql, embedder, { pageId: "3", title: "A", sourceId: "other", chunks: [] });
  await sql`
    insert into confluence_pages (source_id, page_id, kind, title, url, version, container_id) values
      ('docs', 'comments-2', 'comments', 'B', 'https://site.example/b', 1, '2'),
      ('docs', 'att1', 'attachment', 'plan.pdf', '', 1, '2')`;
  const find = async (finder: Partial<PageFinder>, limit = 10) => {
    const { pages, total } = await findStoredPages(sql, { readable: null, ...finder }, limit);
    return [total, ...pages.map(({ pageId }) => pageId)];
  };
  expect(await find({})).toEqual([5, "2", "comments-2", "1", "att1", "3"]);
  expect(await find({}, 2)).toEqual([5, "2", "comments-2"]);
  expect(await find({ sourceId: "other" })).toEqual([1, "3"]);
  expect(await find({ pageId: "1" })).toEqual([1, "1"]);
  expect(await find({ url: "https://site.example/b" })).toEqual([1, "2"]);
  expect(await find({ title: "B" })).toEqual([2, "2", "comments-2"]);
  expect(await find({ title: "b" })).toEqual([0]);
  expect(await find({ spaceKey: "ops" })).toEqual([1, "3"]);
  expect(await find({ containerId: "2" })).toEqual([2, "comments-2", "att1"]);
  expect(await find({ pageId: "1", spaceKey: "ops" })).toEqual([0]);
  const [page] = (await findStoredPages(sql, { pageId: "2", readable: null }, 1)).pages;
  expect(page).toEqual({
    sourceId: "docs",
    kind: "page",
    baseUrl: "https://site.example",
    pageId: "2",
    hasTwin: false,
    title: "B",
    url: "https://site.example/b",
    version: 1,
    labels: [],
    modifiedAt: NOW,
    lastSyncedAt: NOW,
    chunkCount: 1,
    wordCount: 3,
    charCount: 16,
  });
});

it("sources, pages and chunks are counted of what search can show", async () => {
  const { sql } = database;
  await store(sql, embedder, { pageId: "2", chunks: ["more"] });
  expect(await countStored(sql, null)).toEqual({ sources: 1, pages: 2, chunks: 3 });
  await sql`update confluence_pages set missing_since = ${NOW} where page_id = '1'`;
  expect(await countStored(sql, null)).toEqual({ sources: 1, pages: 1, chunks: 1 });
  expect(await countWords(sql, ["docs", "none"], null)).toEqual(new Map([["docs", 1]]));
  await sql`update archon_sources set status = 'deleting'`;
  expect(await countStored(sql, null)).toEqual({ sources: 0, pages: 0, chunks: 0 });
});

it("a document is read with where it stands, and with the files and threads on it", async () => {
  const { sql } = database;
  await store(sql, embedder, {
    pageId: "2",
    title: "Below",
    parentId: "1",
    labels: ["ops"],
    chunks: ["Text."],
  });
  const page = { sourceId: "docs", pageId: "2", readable: null };
  expect(await readDocument(sql, page)).toEqual({
    kind: "page",
    title: "Below",
    url: "https://site.example/wiki/spaces/DOCS/pages/2",
    spaceKey: "docs",
    version: 1,
    modifiedAt: NOW,
    labels: ["ops"],
    breadcrumb: ["Page 1"],
    containerId: null,
    chunks: [{ content: "Text.", headingPath: [], place: null }],
  });
  expect((await readDocument(sql, { ...page, pageId: "1" }))?.breadcrumb).toEqual([]);
  expect(await readDocument(sql, { ...page, pageId: "9" })).toBeNull();
  expect(await readBeside(sql, page, 5)).toEqual({ files: [], fileCount: 0, threadCount: 0 });
  await sql`
    insert into confluence_pages (source_id, page_id, kind, title, version, container_id, file) values
      ('docs', 'att2', 'attachment', 'b.pdf', 1, '2', '{"media_type": "application/pdf", "result": "text"}'),
      ('docs', 'att1', 'attachment', 'c.bin', 1, '2', '{"result": "unsupported_type"}'),
      ('docs', 'att3', 'attachment', 'a.txt', 1, '2', null)`;
  await store(sql, embedder, {
    pageId: "comments-2",
    kind: "comments",
    chunks: ["7", "7", "8"].map((id) => ({
      content: `Comment ${id}`,
      headingPath: [],
      place: { comment_id: id },
    })),
  });
  expect(await readBeside(sql, page, 2)).toEqual({
    files: [
      { pageId: "att3", title: "a.txt", mediaType: null, hasText: false },
      { pageId: "att2", title: "b.pdf", mediaType: "application/pdf", hasText: true },
    ],
    fileCount: 3,
    threadCount: 2,
  });
});

it("a thread is that of its first comment, from whichever reply, also where replies go in a circle", async () => {
  const { sql } = database;
  await sql`
    insert into confluence_comments (source_id, comment_id, container_id, parent_id, location, version, url, body)
    select 'docs', id, '1', parent, 'footer', 1, '', '' from unnest(
      '{1, 2, 3, 8, 9}'::text[], '{null, 1, 2, 9, 8}'::text[]) t (id, parent)`;
  const thread = (commentId: string, pageId = "1") => threadOf(sql, { sourceId: "docs", pageId, commentId });
  expect([await thread("1"), await thread("2"), await thread("3")]).toEqual(["1", "1", "1"]);
  expect(["8", "9"]).toContain(await thread("8"));
  expect([await thread("7"), await thread("1", "2")]).toEqual([null, null]);
});
