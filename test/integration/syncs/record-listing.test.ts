import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { UNREADABLE, type ListedPage } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { recordListing } from "#shared/syncs/listing/record-listing.ts";
import { getOperation } from "#shared/syncs/operations/operation.ts";
import { makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

type Stored = { version?: number; parentId?: string; isDeleted?: boolean; isHidden?: boolean };

const store = (pageId: string, page: Stored = {}) => database.sql`
  insert into confluence_pages (source_id, page_id, title, version, parent_id, is_deleted, missing_since)
  values (${SOURCE_ID}, ${pageId}, ${`Page ${pageId}`}, ${page.version ?? 3}, ${page.parentId ?? null},
    ${page.isDeleted ?? false}, ${page.isHidden ? world.now() : null})`;
const listed = (id: string, more: Partial<ListedPage> = {}): ListedPage => ({
  id,
  title: `Page ${id}`,
  version: 3,
  status: "current",
  spaceId: "9",
  spaceKey: SPACE,
  parentId: null,
  parentType: null,
  kind: "page",
  subtype: null,
  labels: null,
  url: "",
  modifiedAt: null,
  rights: null,
  ...more,
});

/** Records the listing: what it counted, whom it reported as restored, and the work by page id. */
async function record(pages: readonly ListedPage[], { dryRun = false, keepSeen = false } = {}) {
  const operationId = await world.startSync({ dryRun });
  const operation = await getOperation(database.sql, operationId);
  if (!operation) throw new Error("The operation is gone");
  const reported: string[] = [];
  const counts = await transaction(database.sql, (tx) =>
    recordListing(tx, operation, pages, {
      rules: { representationRevision: null },
      keepSeen,
      now: world.now(),
      onRestored: (ids) => reported.push(...ids),
    }),
  );
  const rows = await database.sql<{ page_id: string; state: string; outcome: string; reason: string }[]>`
    select page_id, state, outcome, reason from sync_work where operation_id = ${operationId} order by page_id`;
  const work = rows.map((row) => [row.page_id, row.state, row.outcome, row.reason]);
  return { counts, reported, work };
}
const hidden = async () => {
  const rows = await database.sql<{ page_id: string }[]>`
    select page_id from confluence_pages where missing_since is not null order by page_id`;
  return rows.map((row) => row.page_id);
};
const COUNTED = { pages_listed: 0, pages_unchanged: 0, pages_moved: 0, pages_restored: 0 };

it("a listed page that is stored as it is needs no work, and is recorded only for a deletion check", async () => {
  await store("1");
  const { counts, work } = await record([listed("1")]);
  expect(counts).toEqual({ ...COUNTED, pages_listed: 1, pages_unchanged: 1 });
  expect(work).toEqual([]);
});

it("a deletion check records each page that it lists", async () => {
  await store("1");
  expect((await record([listed("1"), listed("2")], { keepSeen: true })).work).toEqual([
    ["1", "seen", null, "listed"],
    ["2", "pending", "added", "new page"],
  ]);
});

it("pages that are new or edited are work, others that are listed with them are not", async () => {
  await store("1");
  await store("2");
  const { counts, work } = await record([listed("1"), listed("2", { version: 4 }), listed("3")]);
  expect(counts).toEqual({ ...COUNTED, pages_listed: 3, pages_unchanged: 1 });
  expect(work).toEqual([
    ["2", "pending", "updated", "version 3 → 4"],
    ["3", "pending", "added", "new page"],
  ]);
});

it("a page that is not current is counted, and nothing is done with it", async () => {
  expect(await record([listed("1", { status: "archived" })])).toEqual({
    counts: { ...COUNTED, pages_listed: 1 },
    reported: [],
    work: [],
  });
  expect(await database.sql`select from confluence_pages`).toHaveLength(0);
});

it.each([
  { dryRun: false, state: "pending" },
  { dryRun: true, state: "planned" },
])(
  "a page that cannot be read is $state to be requested by its id when dryRun is $dryRun",
  async (options) => {
    const { work, counts } = await record([listed("1", { status: UNREADABLE })], options);
    expect(work).toEqual([["1", options.state, "updated", "listed in a format that cannot be parsed"]]);
    expect(counts).toEqual({ ...COUNTED, pages_listed: 1 });
  },
);

it("a page that was moved is moved by its listing, and counted as that alone", async () => {
  await store("1", { parentId: "7" });
  const { counts, work } = await record([listed("1", { parentId: "8" })]);
  expect(counts).toEqual({ ...COUNTED, pages_listed: 1, pages_moved: 1 });
  expect(work).toEqual([["1", "seen", "moved", "another parent"]]);
  expect(await database.sql`select parent_id from confluence_pages`).toEqual([{ parent_id: "8" }]);
});

it("a page that was moved and edited is counted by its edit", async () => {
  await store("1", { parentId: "7" });
  const { counts, work } = await record([listed("1", { parentId: "8", version: 4 })]);
  expect(counts).toEqual({ ...COUNTED, pages_listed: 1 });
  expect(work).toEqual([["1", "pending", "updated", "version 3 → 4"]]);
});

it("a hidden page that is visible again is shown and reported at once, also where it was moved", async () => {
  await store("1", { isHidden: true, parentId: "7" });
  expect(await record([listed("1", { parentId: "8" })])).toEqual({
    counts: { ...COUNTED, pages_listed: 1, pages_restored: 1 },
    reported: ["1"],
    work: [["1", "seen", "restored", "hidden here, visible in Confluence"]],
  });
  expect(await hidden()).toEqual([]);
});

it("a hidden page whose listing is older than what is stored is shown at once", async () => {
  await store("1", { isHidden: true });
  expect((await record([listed("1", { version: 2 })])).reported).toEqual(["1"]);
});

it("a hidden page that was edited stays hidden until its edit is stored", async () => {
  await store("1", { isHidden: true });
  const { counts, reported } = await record([listed("1", { version: 4 })]);
  expect([counts.pages_restored, reported]).toEqual([0, []]);
  expect(await hidden()).toEqual(["1"]);
});

it("a hidden live doc is shown at once, and fetched too", async () => {
  await store("1", { isHidden: true });
  const { counts, reported, work } = await record([listed("1", { subtype: "live" })]);
  expect(counts).toEqual({ ...COUNTED, pages_listed: 1, pages_restored: 1 });
  expect(reported).toEqual(["1"]);
  expect(work).toMatchObject([["1", "pending", "updated", expect.stringContaining("live doc")]]);
});

it("a page that was deleted after it was hidden is restored by its body, not by its listing", async () => {
  await store("1", { isHidden: true, isDeleted: true });
  const { counts, reported, work } = await record([listed("1")]);
  expect([counts.pages_restored, reported]).toEqual([0, []]);
  expect(work).toEqual([["1", "pending", "restored", "deleted here, current in Confluence"]]);
});

it("a dry run plans what a listing would do by itself, and does none of it", async () => {
  await store("1", { parentId: "7" });
  await store("2", { isHidden: true, parentId: "7" });
  await store("3", { isDeleted: true, parentId: "7" });
  await store("4", { version: 0, parentId: "7" });
  await store("5");
  const before = await database.sql`select * from confluence_pages order by page_id`;
  const pages = ["1", "2", "3", "4"].map((id) => listed(id, { parentId: "8" }));
  expect(await record([...pages, listed("5")], { dryRun: true })).toEqual({
    counts: { ...COUNTED, pages_listed: 5, pages_unchanged: 2 },
    reported: [],
    work: [
      ["1", "planned", "moved", "another parent"],
      ["2", "planned", "restored", "hidden here, visible in Confluence"],
      ["3", "planned", "restored", "deleted here, current in Confluence"],
      ["4", "planned", "added", "new page"],
    ],
  });
  expect(await database.sql`select * from confluence_pages order by page_id`).toEqual(before);
});
