import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { mergeSourceMetadata, requireSource } from "#shared/sources/sources.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import { finishOperation } from "#shared/syncs/operations/finish-operation.ts";
import { wantCheck } from "#shared/syncs/schedules/want-check.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/*
 * What the end of an operation leaves on its source, and which operation follows it.
 */

const OPERATION = "00000000-0000-4000-8000-000000000001";
const ANOTHER = "00000000-0000-4000-8000-000000000002";
const OTHER_ID = "source-B";
const HOUR_MS = 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
  await addSpacesWithSources(world, ["B"], { synced: false });
  for (const sourceId of [SOURCE_ID, OTHER_ID]) await setMetadata({ sync_metrics: {} }, sourceId);
});
afterAll(() => database.close());

const setMetadata = (changes: Parameters<typeof mergeSourceMetadata>[2], sourceId = SOURCE_ID) =>
  mergeSourceMetadata(database.sql, sourceId, changes, world.now());

/** An operation of the first source that has nothing left to do, and holds its lease. */
async function operation({ type = "confluence_sync", dryRun = false, checkFollows = false } = {}) {
  const { sql } = database;
  world.pass(1000);
  await sql`
    insert into archon_progress (operation_id, source_id, operation_type, status, dry_run, actor, check_follows, time_zone,
      confluence_started_at, created_at, started_at, updated_at)
    values (${OPERATION}, ${SOURCE_ID}, ${type}, 'processing', ${dryRun}, 'api', ${checkFollows}, 'Europe/Berlin', ${world.now()},
      ${world.now()}, ${world.now()}, ${world.now()})`;
  await sql`
    update archon_sources set lease_operation_id = ${OPERATION}, lease_until = ${new Date(world.now().getTime() + HOUR_MS)}
    where source_id = ${SOURCE_ID}`;
}
const finish = () => finishOperation(OPERATION, world.outside);
const followers = async () => {
  const rows = await database.sql<{ text: string }[]>`
    select concat_ws(' ', source_id, operation_type, actor) as text from archon_progress
    where operation_id <> ${OPERATION} order by source_id`;
  return rows.map(({ text }) => text);
};
const announce = (sourceId: string) =>
  addHints(database.sql, [{ sourceId, pageId: "77" }], { reason: "api", atOnce: true, now: world.now() });
const everySync = () => setMetadata({ deletion_strategy: "every_sync" });

it("a sync leaves its watermark and time zone, makes a source active again, and lets it go", async () => {
  await database.sql`update archon_sources set status = 'space_unavailable'`;
  await operation();
  const startedAt = world.now();
  expect(await finish()).toBe(true);
  const source = await requireSource(database.sql, SOURCE_ID);
  expect(source.status).toBe("active");
  expect(source.metadata).toMatchObject({
    last_sync_timestamp: startedAt.toISOString(),
    time_zone: "Europe/Berlin",
  });
  const [lease] = await database.sql`
    select lease_operation_id, lease_until from archon_sources where source_id = ${SOURCE_ID}`;
  expect(lease).toEqual({ lease_operation_id: null, lease_until: null });
  expect(await followers()).toEqual([]);
});

it("a dry run leaves nothing on its source, and the check that follows a sync does not follow it", async () => {
  await everySync();
  await database.sql`update archon_sources set status = 'space_unavailable'`;
  const { metadata } = await requireSource(database.sql, SOURCE_ID);
  await operation({ dryRun: true });
  await finish();
  expect(await requireSource(database.sql, SOURCE_ID)).toMatchObject({
    status: "space_unavailable",
    metadata,
  });
  expect(await followers()).toEqual([]);
});

it("an operation for single pages does not prove that the space is available", async () => {
  await database.sql`update archon_sources set status = 'space_unavailable'`;
  await operation({ type: "page_sync" });
  await finish();
  expect((await requireSource(database.sql, SOURCE_ID)).status).toBe("space_unavailable");
});

it("the end of an operation leaves the lease of the one that took over", async () => {
  await operation();
  await database.sql`update archon_sources set lease_operation_id = ${ANOTHER} where source_id = ${SOURCE_ID}`;
  await finish();
  const [lease] =
    await database.sql`select lease_operation_id from archon_sources where source_id = ${SOURCE_ID}`;
  expect(lease?.lease_operation_id).toBe(ANOTHER);
});

it("the end is logged and announced with what the operation did", async () => {
  await operation();
  await finish();
  const line = world.logged.findLast(({ event }) => event === "operation.finished");
  const ended = { operation_id: OPERATION, source_id: SOURCE_ID, status: "completed" };
  expect(line).toMatchObject({ level: "info", fields: { ...ended, pages_added: 0 } });
  const events = await database.sql`select detail from event_outbox where event_type = 'sync.completed'`;
  expect(events).toMatchObject([{ detail: { ...ended, metrics: { pages_added: 0 } } }]);
});

it.each([
  ["a sync of a source with that strategy", { type: "confluence_sync" }, true],
  [
    "single pages of which more are gone than may be deleted",
    { type: "page_sync", checkFollows: true },
    false,
  ],
])("a deletion check follows %s, before anything else that waits", async (_, finished, isStrategy) => {
  if (isStrategy) await everySync();
  await operation(finished);
  await announce(SOURCE_ID);
  await finish();
  expect(await followers()).toEqual([`${SOURCE_ID} deletion_check after_sync`]);
});

it("a check that became due while the operation ran follows it, before the pages that were announced", async () => {
  await operation();
  for (const sourceId of [OTHER_ID, SOURCE_ID]) await wantCheck(database.sql, sourceId, world.now());
  await announce(SOURCE_ID);
  await finish();
  expect(await followers()).toEqual([`${SOURCE_ID} deletion_check hook`]);
});

it("pages that were announced while the operation ran follow it", async () => {
  await operation();
  await announce(SOURCE_ID);
  await finish();
  expect(await followers()).toEqual([`${SOURCE_ID} page_sync hook`]);
  expect(world.logged.some(({ event }) => event === "operation.started")).toBe(true);
});

it("what waits for another source does not follow", async () => {
  await operation();
  await setMetadata({ last_sync_timestamp: world.now().toISOString() }, OTHER_ID);
  await wantCheck(database.sql, OTHER_ID, world.now());
  await announce(OTHER_ID);
  await finish();
  expect(await followers()).toEqual([]);
});

it("nothing follows on a source that is being deleted", async () => {
  await everySync();
  await operation();
  await announce(SOURCE_ID);
  await database.sql`update archon_sources set status = 'deleting' where source_id = ${SOURCE_ID}`;
  await finish();
  expect(await followers()).toEqual([]);
});
