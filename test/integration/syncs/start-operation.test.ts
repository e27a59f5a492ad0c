import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";
import { startDueChecks } from "#shared/syncs/schedules/start-due.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: 1 });
});
afterAll(() => database.close());

const starts = () =>
  world.logged.filter(({ event }) => event === "operation.started").map(({ fields }) => fields.actor);
const rows = () => database.sql`
  select operation_type, actor, mode, scheduled_for as tick, enqueued_at is not null as sent
  from archon_progress order by created_at, operation_type`;

it("an operation is logged, sent once and marked as sent, whoever starts it", async () => {
  await world.sync();
  await world.check();
  await mergeSourceMetadata(
    database.sql,
    SOURCE_ID,
    { deletion_strategy: "weekly_reconciliation", last_deletion_check: null },
    world.now(),
  );
  world.pass(60_000);
  const tick = world.now();
  expect(await startDueChecks(tick, world.outside)).toBe(1);
  expect(world.queues.size()).toBe(1);
  await world.drain();
  await mergeSourceMetadata(database.sql, SOURCE_ID, { deletion_strategy: "every_sync" }, world.now());
  world.pass(60_000);
  await world.sync();
  expect(starts()).toEqual(["api", "manual", "schedule", "api", "after_sync"]);
  expect(await rows()).toMatchObject([
    { operation_type: "confluence_sync", actor: "api", mode: "incremental", tick: null, sent: true },
    { operation_type: "deletion_check", actor: "manual", mode: null, tick: null, sent: true },
    { operation_type: "deletion_check", actor: "schedule", mode: null, tick, sent: true },
    { operation_type: "confluence_sync", actor: "api", mode: "incremental", tick: null, sent: true },
    { operation_type: "deletion_check", actor: "after_sync", mode: null, tick: null, sent: true },
  ]);
});
