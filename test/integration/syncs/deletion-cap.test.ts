import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { purgePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

describe("the cap of a deletion check", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => database.clear());
  afterAll(() => database.close());

  const stored = async (pages: number) => {
    world = await makeSyncWorld(database.sql, { pages });
    await world.sync();
    world.pass(60 * 60_000);
  };
  const ids = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, n) => world.page(`Page ${first + n}`).id);
  const trash = (first: number, last: number) => {
    for (const id of ids(first, last)) trashPage(world.site, id);
  };
  const purge = (first: number, last: number) => {
    for (const id of ids(first, last)) purgePage(world.site, id, { leavesRecord: false });
  };
  const addDeleted = (count: number) => database.sql`
    insert into confluence_pages (source_id, page_id, title, version, is_deleted, deleted_at)
    select ${SOURCE_ID}, 'old-' || n, 'Old ' || n, 3, true, '2020-01-01' from generate_series(1, ${count}::int) n`;
  const living = async () => {
    const [row] = await database.sql`
      select count(*)::int as count from confluence_pages where not is_deleted and missing_since is null and version > 0`;
    return row?.count;
  };

  it("the cap of a deletion check is a share of the existing pages: pages deleted before do not count", async () => {
    await stored(60);
    await addDeleted(100);
    trash(1, 30);
    const check = await world.check();
    expect(check).toMatchObject({
      status: "held",
      error: { message: expect.stringContaining("30 of 60 pages") },
      sync_metrics: { pages_deleted: 0, pages_hidden: 0 },
    });
    expect(await living()).toBe(60);
  });

  it("the cap lets a quarter of the pages be deleted, and holds one more", async () => {
    await stored(60);
    trash(1, 15);
    expect(await world.check()).toMatchObject({ status: "completed", sync_metrics: { pages_deleted: 15 } });
    // 12 of the 45 that are left.
    trash(16, 27);
    expect(await world.check()).toMatchObject({ status: "held", sync_metrics: { pages_deleted: 0 } });
    expect(await living()).toBe(45);
  });

  it("the cap does not count pages that were listed and never stored", async () => {
    await stored(40);
    await database.sql`update confluence_pages set version = 0 where page_id = any(${ids(37, 40)})`;
    await database.sql`delete from archon_crawled_pages where page_id = any(${ids(37, 40)})`;
    // A quarter of 40 rows, and more than a quarter of 36 pages.
    trash(1, 10);
    purge(11, 11);
    expect(await world.check()).toMatchObject({
      status: "held",
      error: { message: expect.stringContaining("11 of 36 pages") },
    });
  });

  it("the cap counts hidden pages as stored", async () => {
    await stored(44);
    purge(1, 8);
    expect((await world.check()).sync_metrics.pages_hidden).toBe(8);
    trash(9, 19);
    // 11 of 44: a quarter. Of the 36 that searches find it would be more.
    expect(await world.check()).toMatchObject({
      status: "completed",
      sync_metrics: { pages_deleted: 8 + 11, pages_hidden: 0 },
    });
  });

  const onPages = {
    files: {
      add: (n: number) =>
        uploadFile(world.site, {
          containerId: world.page("Page 1").id,
          title: `recording-${n}.mp4`,
          bytes: Buffer.from("x"),
          mediaType: "video/mp4",
        }).id,
      remove: (id: string) => trashFile(world.site, id),
    },
    comments: {
      add: (n: number) =>
        addComment(world.site, { containerId: world.page("Page 1").id, body: `<p>Remark ${n}</p>` }).id,
      remove: (id: string) => deleteComment(world.site, id),
    },
  };

  it.each(["files", "comments"] as const)(
    "the cap of %s lets a quarter of them go, and holds one more, however many pages there are",
    async (what) => {
      const { add, remove } = onPages[what];
      const content = { blogposts: false, comments: "all", attachments: true } as const;
      world = await makeSyncWorld(database.sql, { pages: 30, content });
      const made = Array.from({ length: 56 }, (_, n) => add(n));
      await world.sync();
      world.pass(60 * 60_000);
      for (const id of made.splice(0, 14)) remove(id);
      expect((await world.check()).status).toBe("completed");
      world.pass(60 * 60_000);
      expect((await world.check()).status).toBe("completed");
      // 11 of the 42 that are left.
      for (const id of made.splice(0, 11)) remove(id);
      expect(await world.check()).toMatchObject({
        status: "held",
        error: { message: expect.stringContaining(`11 of 42 ${what}`) },
      });
    },
  );

  it("the cap holds pages missed for the first time and for the second separately", async () => {
    await stored(20);
    purge(1, 10);
    expect((await world.check()).sync_metrics).toMatchObject({ pages_hidden: 10, pages_deleted: 0 });
    trash(11, 15);
    purge(16, 20);
    expect(await world.check()).toMatchObject({
      status: "completed",
      sync_metrics: { pages_deleted: 15, pages_hidden: 5 },
    });
  });

  it("the cap also holds pages missed for the second time", async () => {
    await stored(20);
    purge(1, 11);
    expect((await world.check()).status).toBe("held");
    expect((await world.check({ force: true })).sync_metrics).toMatchObject({ pages_hidden: 11 });
    const second = await world.check();
    expect(second).toMatchObject({ status: "held", error: { message: expect.stringContaining("11 of 20") } });
    expect((await world.check({ force: true })).sync_metrics).toMatchObject({ pages_deleted: 11 });
  });
});
