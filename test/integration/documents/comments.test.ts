import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import {
  type CommentToStore,
  noteTitle,
  outdatedComments,
  readComments,
  readCommentsOf,
  touchAllComments,
  touchComments,
  upsertComments,
} from "#shared/documents/comments.ts";
import { commentToStore } from "#test/support/comments-and-files.ts";
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
  for (const pageId of ["1", "2"])
    await store(database.sql, embedder, { pageId, labels: ["ops"], chunks: ["Text."] });
});
afterAll(() => database.close());

const comment = (id: string, fields: Partial<CommentToStore> = {}) =>
  commentToStore(id, { url: `https://site.example/${id}`, body: `Comment ${id}`, ...fields });
const put = (...comments: CommentToStore[]) => upsertComments(database.sql, "docs", comments);
const touch = (...containerIds: string[]) => touchComments(database.sql, "docs", containerIds);
const read = (pageId = "comments-1") => readCommentsOf(database.sql, "docs", pageId);
const bodies = async () => (await read())?.comments.map(({ body }) => body);

it("comments are read as they were stored, oldest first, with their page's title, address and labels", async () => {
  const later = new Date(NOW.getTime() + 1000);
  const inline = comment("1", {
    location: "inline",
    selection: "a key",
    createdAt: later,
    modifiedAt: later,
    parentId: "0",
  });
  const undated = comment("3", { createdAt: null, authorId: null, authorName: null, resolution: null });
  expect(await put(inline, comment("2"), undated)).toEqual({ containerIds: ["1"], added: 3, updated: 0 });
  await touch("1");
  expect(await read()).toEqual({
    containerId: "1",
    revision: 1,
    title: "Page 1",
    url: "https://site.example/wiki/spaces/DOCS/pages/1",
    labels: ["ops"],
    comments: [comment("2"), inline, undated].map(({ containerId: _, ...shown }) => shown),
  });
  expect(await readComments(database.sql, "docs", ["1", "9"])).toEqual(
    new Map([["1", { version: 1, containerId: "1", resolution: "open", missingSince: null }]]),
  );
});

it("text that the database would refuse is stored without what it refuses", async () => {
  await put(comment("1", { body: "a\u0000b \ud800 c\u0000" }));
  await touch("1");
  expect(await bodies()).toEqual(["ab \ufffd c"]);
});

it("of a comment that a response lists twice the newer version is stored, whichever comes first", async () => {
  const [older, newer] = [comment("1"), comment("1", { version: 2, body: "Newer" })];
  for (const both of [
    [older, newer],
    [newer, older],
  ]) {
    await database.sql`delete from confluence_comments`;
    expect(await put(...both)).toMatchObject({ added: 1, updated: 0 });
    await touch("1");
    expect(await bodies()).toEqual(["Newer"]);
  }
});

it("a comment is stored again in a newer version, with another resolution or place, but not as it is or was", async () => {
  await put(comment("1", { version: 2 }));
  const changed = { containerIds: ["1"], added: 0, updated: 1 };
  const nothing = { containerIds: [], added: 0, updated: 0 };
  expect(await put(comment("1", { version: 2, body: "Other" }))).toEqual(nothing);
  expect(await put(comment("1", { version: 1, resolution: "resolved" }))).toEqual(nothing);
  expect(await put(comment("1", { version: 2, resolution: "resolved" }))).toEqual(changed);
  expect(await put(comment("1", { version: 3 }), comment("2"))).toEqual({ ...changed, added: 1 });
});

it("a comment that moved changes the comments of the page that it left and of the one that it is on", async () => {
  await put(comment("1"), comment("2"));
  const { containerIds } = await put(comment("1", { containerId: "2", version: 2 }));
  expect(containerIds.toSorted()).toEqual(["1", "2"]);
});

it("the comments of pages that search finds are made again when they changed, the others when it does", async () => {
  expect(await touch("2", "unknown", "1")).toEqual([
    { pageId: "comments-1", title: "Page 1", revision: 1 },
    { pageId: "comments-2", title: "Page 2", revision: 1 },
  ]);
  expect(await touch("1")).toEqual([{ pageId: "comments-1", title: "Page 1", revision: 2 }]);
  const { sql } = database;
  await sql`update confluence_pages set missing_since = ${NOW} where page_id = '1'`;
  expect(await touch("1")).toEqual([]);
  expect(await read()).toBeNull();
  expect((await outdatedComments(sql, "docs", {})).map(({ pageId }) => pageId)).toEqual(["comments-2"]);
});

it("documents of comments are outdated by comments, by a newer representation, or all at once", async () => {
  const { sql } = database;
  const outdated = async (representationRevision?: number) =>
    (
      await outdatedComments(
        sql,
        "docs",
        representationRevision === undefined ? {} : { representationRevision },
      )
    ).map(({ pageId }) => pageId);
  await touch("1", "2");
  await sql`
    update confluence_pages set version = comments_revision, representation_revision = 4 where kind = 'comments'`;
  expect([await outdated(), await outdated(4), await outdated(5)]).toEqual([
    [],
    [],
    ["comments-1", "comments-2"],
  ]);
  await noteTitle(sql, "docs", "1", "");
  expect(await outdated()).toEqual([]);
  await noteTitle(sql, "docs", "1", "Another title");
  expect(await outdated()).toEqual(["comments-1"]);
  await touchAllComments(sql, "docs");
  expect(await outdated()).toEqual(["comments-1", "comments-2"]);
});

it("documents that failed wait for their time, unless their page is named", async () => {
  const { sql } = database;
  await touch("1", "2");
  await sql`update confluence_pages set sync_error = '{"code": "slow"}' where page_id = 'comments-1'`;
  expect((await outdatedComments(sql, "docs", {})).map(({ pageId }) => pageId)).toEqual(["comments-2"]);
  expect(await outdatedComments(sql, "docs", { containerIds: ["1"] })).toMatchObject([
    { pageId: "comments-1" },
  ]);
  expect(await outdatedComments(sql, "docs", { containerIds: [] })).toEqual([]);
});
