import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { findHeldCheck, findLastHold, settleHold } from "#shared/syncs/operations/held-deletions.ts";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/*
 * Which check holds deletions, what is left of them to decide, and how a hold ends: on the rows of operations and their work.
 */

const MINUTE_MS = 60_000;
const idOf = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
const [CHECK, LATER, NEWEST] = [idOf(1), idOf(2), idOf(3)];
const CANDIDATES = 3;

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

type Check = {
  status: string;
  type?: string;
  dryRun?: boolean;
  sourceId?: string;
  held?: number | null;
  counters?: Record<string, number>;
};

/** A deletion check that held three deletions, unless told otherwise; a minute younger than the last. Returns when it ended. */
async function check(id: string, one: Check): Promise<Date> {
  world.pass(MINUTE_MS);
  const { sql } = database;
  const { held = CANDIDATES } = one;
  const runs = ["listing", "processing"].includes(one.status);
  await sql`
    insert into archon_progress (operation_id, source_id, operation_type, status, dry_run, actor, held_deletions, counters, created_at,
      updated_at, finished_at)
    values (${id}, ${one.sourceId ?? SOURCE_ID}, ${one.type ?? "deletion_check"}, ${one.status}, ${one.dryRun ?? false}, 'api',
      ${held === null ? null : sql.json({ candidates: held, pages: 10, message: "Too many" })}, ${sql.json(one.counters ?? {})},
      ${world.now()}, ${world.now()}, ${runs ? null : world.now()})`;
  return world.now();
}

/** What the check would delete: each page with what was decided on it, if anything was. */
async function candidates(id: string, decisions: Record<string, "approved" | "rejected" | null>) {
  for (const [pageId, decision] of Object.entries(decisions))
    await database.sql`
      insert into sync_work (operation_id, source_id, kind, page_id, title, state, outcome, reason, decision, updated_at)
      values (${id}, ${SOURCE_ID}, 'page', ${pageId}, 'A title', 'candidate', 'deleted', 'trashed', ${decision}, ${world.now()})`;
}

const lastHold = () => findLastHold(database.sql, SOURCE_ID);

it("the last deletion check of a source is its hold, with the time of its end", async () => {
  expect(await lastHold()).toBeNull();
  const heldAt = await check(CHECK, { status: "held" });
  expect(await lastHold()).toEqual({ operationId: CHECK, heldAt, isHeld: true });
});

it.each(["completed", "completed_with_errors"])(
  "a hold that ended as %s is known, and holds no more",
  async (status) => {
    const heldAt = await check(CHECK, { status });
    expect(await lastHold()).toEqual({ operationId: CHECK, heldAt, isHeld: false });
    expect(await findHeldCheck(database.sql, SOURCE_ID)).toBeNull();
  },
);

it.each<[string, Check]>([
  ["held nothing", { status: "completed", held: null }],
  ["still runs", { status: "processing" }],
  ["is about to end", { status: "finishing" }],
])("a newer check that %s takes the place of the hold before", async (_, newer) => {
  await check(CHECK, { status: "held" });
  await check(LATER, newer);
  expect(await lastHold()).toBeNull();
});

it.each<[string, Check]>([
  ["failed", { status: "failed", held: null }],
  ["was cancelled", { status: "cancelled", held: null }],
  ["was a dry run", { status: "completed", held: null, dryRun: true }],
  ["was a sync", { status: "completed", held: null, type: "confluence_sync" }],
])("an operation that %s leaves the hold before it as it is", async (_, newer) => {
  await check(CHECK, { status: "held" });
  await check(LATER, newer);
  expect(await lastHold()).toMatchObject({ operationId: CHECK, isHeld: true });
});

it("the hold of another source is not this one's", async () => {
  await addSpacesWithSources(world, ["B"], { synced: false });
  await check(CHECK, { status: "held", sourceId: "source-B" });
  expect(await lastHold()).toBeNull();
});

it("what a hold counted beyond its listed candidates are comments", async () => {
  const heldAt = await check(CHECK, { status: "held" });
  expect(await findHeldCheck(database.sql, SOURCE_ID)).toEqual({ operationId: CHECK, heldAt, comments: 3 });
  await candidates(CHECK, { "1": null, "2": "rejected" });
  expect(await findHeldCheck(database.sql, SOURCE_ID)).toMatchObject({ comments: 1 });
});

const settle = () =>
  settleHold(
    database.sql,
    { sourceId: SOURCE_ID, operationId: CHECK },
    { message: "1 rejected by a person", now: world.now() },
  );
const markHeld = (id: string, left: number) =>
  mergeSourceMetadata(
    database.sql,
    SOURCE_ID,
    { deletions_held: { operation_id: id, candidates: left, pages: 10, at: world.now().toISOString() } },
    world.now(),
  );

const PAGES_WAIT = "of this check still wait for a decision: approve or reject them";
const COMMENTS_WAIT = "comments would be deleted: run the deletion check with force if that is right";
it.each<[string, { held: number; decisions: Parameters<typeof candidates>[1]; pages: number }, string]>([
  ["pages alone", { held: 2, decisions: { "1": null, "2": null }, pages: 2 }, `2 deletions ${PAGES_WAIT}`],
  [
    "pages and comments",
    { held: 5, decisions: { "1": null, "2": "rejected" }, pages: 1 },
    `1 deletions ${PAGES_WAIT}. 3 ${COMMENTS_WAIT}`,
  ],
  ["comments alone", { held: 5, decisions: { "1": "approved" }, pages: 0 }, `4 ${COMMENTS_WAIT}`],
])(
  "of a hold with %s left the check says what waits for whom",
  async (_, { held, decisions, pages }, message) => {
    await check(CHECK, { status: "held", held });
    await candidates(CHECK, decisions);
    await markHeld(CHECK, held);
    expect(await settle()).toBe(pages);
    const progress = await world.progress(CHECK);
    expect(progress).toMatchObject({ status: "held", error: { code: "deletions_held", message } });
    expect(progress.log.at(-1)?.message).toBe("1 rejected by a person");
    const left = pages + held - Object.keys(decisions).length;
    expect((await world.source()).metadata.deletions_held).toMatchObject({
      operation_id: CHECK,
      candidates: left,
      pages: 10,
    });
  },
);

it.each<[string, Record<string, number>]>([
  ["completed", {}],
  ["completed", { pages_failed: 0, files_failed: 0, comments_failed: 0 }],
  ["completed_with_errors", { pages_failed: 1 }],
  ["completed_with_errors", { files_failed: 1 }],
  ["completed_with_errors", { comments_failed: 1 }],
])("with the last decision the check ends as %s when it counted %j", async (status, counters) => {
  await check(CHECK, { status: "held", held: 1, counters });
  await candidates(CHECK, { "1": "approved" });
  await markHeld(CHECK, 1);
  expect(await settle()).toBe(0);
  expect(await world.progress(CHECK)).toMatchObject({ status, error: null });
  expect((await world.source()).metadata.deletions_held).toBeNull();
});

it("a decision on a hold that a newer check has replaced leaves the source's warning to that one", async () => {
  await check(CHECK, { status: "held", held: 1 });
  await candidates(CHECK, { "1": "approved" });
  await check(NEWEST, { status: "held" });
  await markHeld(NEWEST, CANDIDATES);
  await settle();
  expect((await world.source()).metadata.deletions_held).toMatchObject({
    operation_id: NEWEST,
    candidates: CANDIDATES,
  });
});

it("a check that is not held is not settled", async () => {
  await check(CHECK, { status: "cancelled" });
  await candidates(CHECK, { "1": null });
  await settle();
  expect(await world.progress(CHECK)).toMatchObject({ status: "cancelled", error: null, log: [] });
});
