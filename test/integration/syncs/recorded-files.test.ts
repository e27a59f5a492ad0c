import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ListedFile } from "#shared/confluence/client.ts";
import { recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { addSyncOfDocs, contextOfSync, SYNC_ID, listedFile } from "#test/support/comments-and-files.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  await addSyncOfDocs(database.sql, ["1"]);
});
afterAll(() => database.close());

const record = async (listed: ListedFile[], { dryRun = false, keepSeen = false } = {}) =>
  recordListedFiles(database.sql, contextOfSync(database.sql, { dryRun }), listed, {
    everything: false,
    keepSeen,
  });
const work = async () => [
  ...(await database.sql`
    select page_id, state, outcome, reason, title, listed_version from sync_work where kind = 'attachment' order by page_id`),
];
const NEW = { state: "pending", outcome: "added", reason: "new file", listed_version: 1 };

it("new files become work, and one of which no page is named is counted and waits for the next listing", async () => {
  expect(await record([listedFile("att1"), listedFile("att2", { containerId: null })])).toEqual({
    files_listed: 2,
  });
  expect(await work()).toEqual([{ page_id: "att1", title: "att1.md", ...NEW }]);
});

it.each([
  ["the older one first", [1, 2]],
  ["the newer one first", [2, 1]],
])("a file that is listed twice, %s, is recorded in its newer version", async (_, versions) => {
  const listed = versions.map((version) => listedFile("att1", { version, title: `v${version}.md` }));
  expect(await record(listed)).toEqual({ files_listed: 2 });
  expect(await work()).toEqual([{ page_id: "att1", title: "v2.md", ...NEW, listed_version: 2 }]);
});

it("what a deletion check lists is kept as seen, and what is new among it becomes work all the same", async () => {
  const seen = { state: "seen", outcome: null, reason: "listed", listed_version: 1 };
  await record([listedFile("att1")], { keepSeen: true });
  await record([listedFile("att2", { containerId: "2" })], { keepSeen: true });
  expect(await work()).toEqual([
    { page_id: "att1", title: "att1.md", ...NEW },
    // Its page is not stored: it waits for it.
    { page_id: "att2", title: "att2.md", ...seen },
  ]);
});

it("a sync keeps no files as seen", async () => {
  await record([listedFile("att2", { containerId: "2" })]);
  expect(await work()).toEqual([]);
});

it("a dry run records no file, and plans those that it would store", async () => {
  expect(await record([listedFile("att1")], { dryRun: true })).toEqual({ files_listed: 1 });
  expect(await work()).toEqual([{ page_id: "att1", title: "att1.md", ...NEW, state: "planned" }]);
  expect(await database.sql`select from confluence_pages where kind = 'attachment'`).toHaveLength(0);
});

describe("files that are stored, and a dry run", () => {
  /** The names of those that are planned after they were listed like this. */
  const planned = async (...listed: ListedFile[]) => {
    await record(listed, { dryRun: true });
    return (await work()).map(({ title }) => title);
  };
  beforeEach(async () => {
    await record([listedFile("att1", { version: 2 })]);
    await database.sql`update confluence_pages set version = 2, representation_revision = 1000 where page_id = 'att1'`;
    await database.sql`delete from sync_work`;
  });

  it.each<[string, Partial<ListedFile>]>([
    ["in a new version", { version: 3 }],
    ["by another name", { version: 2, title: "b.md" }],
  ])("a dry run plans a stored file that is listed %s", async (_, more) => {
    expect(await planned(listedFile("att1", more))).toHaveLength(1);
  });

  it("a dry run plans no file that is stored as it was listed, or newer", async () => {
    expect(await planned(listedFile("att1", { version: 2 }))).toEqual([]);
    expect(await planned(listedFile("att1", { version: 1, title: "b.md" }))).toEqual([]);
  });

  it("a dry run plans a file that failed only when it is listed otherwise", async () => {
    await database.sql`update confluence_pages set version = 1, sync_error = '{}' where page_id = 'att1'`;
    expect(await planned(listedFile("att1", { version: 2 }))).toEqual([]);
    expect(await planned(listedFile("att1", { version: 3 }))).toHaveLength(1);
  });

  it("a dry run plans a deleted file that is listed again", async () => {
    await database.sql`update confluence_pages set is_deleted = true, deleted_reason = 'trashed' where page_id = 'att1'`;
    expect(await planned(listedFile("att1", { version: 2 }))).toHaveLength(1);
  });
});

it("a dry run plans no file on a page that is not stored, unless it plans the page", async () => {
  const onPage2 = listedFile("att2", { containerId: "2" });
  await record([onPage2], { dryRun: true });
  expect(await work()).toEqual([]);
  await database.sql`
    insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, updated_at)
    values (${SYNC_ID}, 'docs', 'page', '2', '2', 'planned', 'added', now())`;
  await record([onPage2], { dryRun: true });
  expect(await work()).toMatchObject([{ page_id: "att2", state: "planned" }]);
});
