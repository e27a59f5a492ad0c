import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { touchComments, upsertComments, type CommentToStore } from "#shared/documents/comments.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { prepareComments } from "#shared/syncs/pages/prepare-comments.ts";
import { commentToStore } from "#test/support/comments-and-files.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addClaimedWork, batchOf, endOfWork } from "#test/support/page-batch.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DOCUMENT_ID = "comments-1";
const later = new Date(NOW.getTime() + 60_000);
const comment = (id: string, more: Partial<CommentToStore> = {}) =>
  commentToStore(id, { modifiedAt: NOW, body: `<p>The pump number ${id} runs well.</p>`, ...more });

let database: TestDatabase;
let work: ClaimedWork;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  const { sql } = database;
  const embedder = fakeEmbedder();
  await addSource(sql, embedder, { sourceId: "docs" });
  await store(sql, embedder, { pageId: "1", title: "Pumps", labels: ["ops"], chunks: ["Text."] });
  work = await addClaimedWork(sql, { kind: "comments", pageId: DOCUMENT_ID });
});
afterAll(() => database.close());

const put = async (...comments: CommentToStore[]) => {
  await upsertComments(database.sql, "docs", comments);
  await touchComments(database.sql, "docs", ["1"]);
};
const prepare = async (comments: "none" | "open" | "all" = "all") => {
  const states = await readPageStates(database.sql, "docs", [DOCUMENT_ID]);
  const batch = batchOf(database.sql, {
    source: {
      content: { blogposts: false, comments, attachments: false },
      spaceKey: "DOCS",
      apiBase: "https://site.example",
      baseUrl: "https://site.example",
      webBase: null,
    },
  });
  return prepareComments(batch, work, states.get(DOCUMENT_ID));
};
/** As if the document had been stored as it was prepared. */
const markStored = async () => {
  const prepared = await prepare();
  await database.sql`
    update confluence_pages set version = ${prepared?.page.version ?? 0}, representation_revision = ${REPRESENTATION_REVISION}
    where page_id = ${DOCUMENT_ID}`;
};

it("the document of a page's comments takes title and labels from the page, and its date from the youngest", async () => {
  await put(comment("10"), comment("11", { parentId: "10", modifiedAt: later }), comment("12"));
  expect(await prepare()).toMatchObject({
    work,
    containerId: "1",
    page: {
      sourceId: "docs",
      pageId: DOCUMENT_ID,
      kind: "comments",
      title: "Pumps",
      representationRevision: REPRESENTATION_REVISION,
      status: "current",
      parentId: null,
      parentType: null,
      labels: ["ops"],
      modifiedAt: later,
      textLost: null,
      renderedMissing: null,
      chunks: [{ place: { comment_id: "10" } }, { place: { comment_id: "12" } }],
    },
  });
});

it("a document without comments that search may find has no chunks and no date", async () => {
  await put(comment("10", { resolution: "resolved" }));
  expect(await prepare("open")).toMatchObject({ page: { chunks: [], modifiedAt: null } });
});

it("comments whose dates are unknown leave the document with the oldest date there is", async () => {
  await put(comment("10", { modifiedAt: null }));
  expect((await prepare())?.page.modifiedAt).toEqual(new Date(0));
});

it("a link in a comment leads from the comment's own address", async () => {
  await put(comment("10", { body: '<p>The pump is described <a href="#below">further below</a> here.</p>' }));
  expect((await prepare())?.page.chunks[0]?.content).toContain("(https://site.example/comment-10#below)");
});

it("a document that is delivered again is not prepared again", async () => {
  await put(comment("10"));
  await markStored();
  expect(await prepare()).toBeNull();
  expect(await endOfWork(database.sql)).toMatchObject({ state: "done", outcome: "unchanged" });
});

it.each<[string, () => Promise<unknown>]>([
  ["before a new comment came", async () => put(comment("11"))],
  [
    "by an older converter",
    async () => database.sql`update confluence_pages set representation_revision = 1 where kind = 'comments'`,
  ],
  [
    "and deleted since",
    async () => database.sql`update confluence_pages set is_deleted = true where kind = 'comments'`,
  ],
  [
    "and hidden since",
    async () => database.sql`update confluence_pages set missing_since = ${NOW} where kind = 'comments'`,
  ],
  [
    "and failed since",
    async () => database.sql`update confluence_pages set sync_error = '{"code":"x"}' where kind = 'comments'`,
  ],
])("a document of comments that was stored %s is prepared anew", async (_, change) => {
  await put(comment("10"));
  await markStored();
  await change();
  expect(await prepare()).toMatchObject({ page: { pageId: DOCUMENT_ID } });
});

it("no document is prepared when comments were switched off, or when search does not find their page", async () => {
  await put(comment("10"));
  expect(await prepare("none")).toBeNull();
  expect(await endOfWork(database.sql)).toEqual({
    state: "done",
    outcome: "skipped",
    reason: "This kind of content was switched off",
  });
  await database.sql`update sync_work set state = 'pending'`;
  await database.sql`update confluence_pages set missing_since = ${NOW} where page_id = '1'`;
  expect(await prepare()).toBeNull();
  expect(await endOfWork(database.sql)).toMatchObject({
    outcome: "skipped",
    reason: "What the comments are on is not stored, or not visible",
  });
});

it("a comment that cannot be converted is left out and recorded as lost text, and the others stay", async () => {
  const tooComplex = "<b>x</b>".repeat(500_000);
  await put(comment("10"), comment("11", { body: tooComplex }), comment("12"));
  const prepared = await prepare();
  expect(prepared?.page.chunks.map(({ place }) => place)).toEqual([
    { comment_id: "10" },
    { comment_id: "12" },
  ]);
  expect(prepared?.page.textLost).toMatch(/^comment 11: ./);
});
