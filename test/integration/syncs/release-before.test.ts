import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

/** Operations that the release before began: it kept facts in `checkpoint` and `counters` that have columns now. */
let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: 3 });
});
afterAll(() => database.close());

/** A listing whose step the release before saw fail this often, with a worker that was lost during the last attempt. */
async function listingThatFailed(failures: number): Promise<string> {
  const id = await world.startSync();
  await database.sql`
    update archon_progress set status = 'listing', checkpoint = checkpoint || ${database.sql.json({ failures })},
      claimed_until = ${world.now()} where operation_id = ${id}`;
  world.pass(1000);
  return id;
}

it("a listing that failed under the previous release continues its count of failures, and fails at the limit", async () => {
  expect(await world.ended(await listingThatFailed(8))).toMatchObject({
    status: "failed",
    error: { code: "worker_died" },
  });
});

it("a listing that failed under the previous release ends when it succeeds, and counts from zero afterwards", async () => {
  const id = await listingThatFailed(7);
  expect((await world.ended(id)).status).toBe("completed");
  const [row] = await database.sql`
    select failures, checkpoint ? 'failures' as hidden from archon_progress where operation_id = ${id}`;
  expect(row).toEqual({ failures: 0, hidden: false });
});

it.each([
  { does: "deletes a page that is as it was judged", isStoredAnew: false },
  { does: "leaves alone a page that was stored anew since", isStoredAnew: true },
])("a deletion check that the previous release began $does", async ({ isStoredAnew }) => {
  await world.sync();
  const page = world.page("Page 1");
  trashPage(world.site, page.id);
  const check = await world.startCheck();
  await world.deliverUntil("check", async () => {
    const [candidate] = await database.sql`
        select outcome from sync_work where operation_id = ${check} and state = 'candidate'`;
    return candidate?.outcome === "deleted";
  });
  const changed = await database.sql`
      update sync_work set counters = jsonb_build_object('state_revision', state_revision), state_revision = null
      where operation_id = ${check} and state = 'candidate' and state_revision is not null returning page_id`;
  expect(changed).toHaveLength(1);
  if (isStoredAnew)
    await database.sql`update confluence_pages set state_revision = state_revision + 1 where page_id = ${page.id}`;
  const { sync_metrics: metrics } = await world.ended(check);
  expect(metrics.pages_deleted).toBe(isStoredAnew ? 0 : 1);
});
