import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readComments, upsertComments, type CommentToStore } from "#shared/documents/comments.ts";
import {
  queueOutdatedComments,
  queueOutdatedDocument,
  recordComments,
} from "#shared/syncs/comments/list-comments.ts";
import { addSyncOfDocs, commentToStore, contextOfSync, SYNC_ID } from "#test/support/comments-and-files.ts";
import { NOW } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSyncOfDocs(database.sql, ["1", "2"]);
});
afterAll(() => database.close());

type Options = { dryRun?: boolean; comments?: "none" | "all" };
const contextOf = (options: Options) => contextOfSync(database.sql, options);
const put = async (...comments: CommentToStore[]) => upsertComments(database.sql, "docs", comments);
const work = async () => [
  ...(await database.sql`select page_id, kind, state, outcome, reason, title from sync_work order by page_id`),
];
const queued = async () => (await work()).map((row) => row["page_id"] as string);

describe("recorded comments", () => {
  const record = async (options: { dryRun?: boolean }, ...comments: CommentToStore[]) =>
    recordComments(database.sql, contextOf(options), 7, comments);

  it("new and changed comments are counted, and the document of their page becomes work", async () => {
    await put(commentToStore("10"));
    expect(await record({}, commentToStore("10", { version: 2 }), commentToStore("11"))).toEqual({
      comments_listed: 7,
      comments_added: 1,
      comments_updated: 1,
    });
    expect(await work()).toEqual([
      {
        page_id: "comments-1",
        kind: "comments",
        state: "pending",
        outcome: "updated",
        reason: "comments changed",
        title: "Page 1",
      },
    ]);
  });

  it("a dry run counts the same and stores nothing", async () => {
    await put(commentToStore("10"));
    const counts = { comments_listed: 7, comments_added: 2, comments_updated: 1 };
    const [changed, ...added] = [
      commentToStore("10", { version: 2 }),
      commentToStore("11"),
      commentToStore("12"),
    ];
    expect(await record({ dryRun: true }, changed, ...added)).toEqual(counts);
    expect(await work()).toEqual([]);
    expect((await readComments(database.sql, "docs", ["10", "11"])).get("10")).toMatchObject({
      version: 1,
    });
  });
});

describe("comments whose documents are outdated", () => {
  beforeEach(async () => {
    await record("1", "10");
    await record("2", "20");
    await database.sql`delete from sync_work`;
  });
  const record = async (containerId: string, id: string) =>
    recordComments(database.sql, contextOf({}), 1, [commentToStore(id, { containerId })]);
  const queue = async (options: { dryRun?: boolean; comments?: "none" | "all" }, everything = true) =>
    queueOutdatedComments(database.sql, contextOf(options), { everything });

  it("all documents become work that were not made yet, in any sync", async () => {
    await queue({}, false);
    expect(await queued()).toEqual(["comments-1", "comments-2"]);
  });

  it("no document becomes work in a dry run, or of a source without comments", async () => {
    await queue({ dryRun: true });
    await queue({ comments: "none" });
    expect(await queued()).toEqual([]);
  });

  it("the document of one page becomes work by itself", async () => {
    const operation = { operationId: SYNC_ID, sourceId: "docs" };
    await queueOutdatedDocument(database.sql, operation, "2", NOW);
    expect(await queued()).toEqual(["comments-2"]);
  });

  it("a document that an older converter made becomes work with a listing of everything", async () => {
    await database.sql`
      update confluence_pages set version = comments_revision, representation_revision = 1 where kind = 'comments'`;
    await queue({}, false);
    expect(await queued()).toEqual([]);
    await queue({});
    expect(await queued()).toEqual(["comments-1", "comments-2"]);
  });
});
