import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

/** Operations that the previous release began or ends: it keeps facts in `checkpoint` and `counters` that have columns now. */
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

/** A sync whose listing is done while its pages are still to be processed. */
async function listed(): Promise<string> {
  const id = await world.startSync({ mode: "full" });
  await world.deliverUntil("plan", async () => (await row(id)).checkpoint.phase === "listed");
  return id;
}
async function row(id: string) {
  const [found] = await database.sql`select * from archon_progress where operation_id = ${id}`;
  if (!found) throw new Error(`Operation ${id} not found`);
  return found;
}

it("the previous release finds in checkpoint and counters what this one learned in a listing", async () => {
  const { checkpoint, counters, ...columns } = await row(await listed());
  expect(columns).toMatchObject({ pages_expected: 3, listing_incomplete: false });
  expect(checkpoint).toMatchObject({
    phase: "listed",
    started_at: columns.confluence_started_at.toISOString(),
    time_zone: columns.time_zone,
  });
  expect(counters).toMatchObject({ pages_expected: 3, pages_listed: 3 });
});

it.each([
  { listing: "a complete", incomplete: false, watermark: "2026-01-02T03:04:05.678Z" },
  { listing: "an incomplete", incomplete: true, watermark: null },
])(
  "a sync of which the previous release made $listing listing sets the watermark $watermark",
  async ({ incomplete, watermark }) => {
    const id = await listed();
    const started_at = "2026-01-02T03:04:05.678Z";
    await database.sql`
      update archon_progress set checkpoint = checkpoint || ${database.sql.json({ started_at, incomplete, time_zone: "Asia/Tokyo" })},
        counters = counters || '{"percent_floor": 77}' where operation_id = ${id}`;
    expect((await world.api("GET", `/api/progress/${id}`)).body.percent).toBe(77);
    await world.ended(id);
    expect((await world.source()).metadata).toMatchObject({
      last_sync_timestamp: watermark,
      time_zone: "Asia/Tokyo",
    });
  },
);

it("a deletion check that the previous release held and scheduled ends as held", async () => {
  await world.sync();
  const check = await world.startCheck();
  const held = { candidates: 2, pages: 3, message: "2 of 3 pages would be deleted" };
  const tick = "2026-01-02T03:00:00.000Z";
  await world.deliverUntil("check", async () => (await row(check)).checkpoint.phase === "folders");
  await database.sql`
    update archon_progress set checkpoint = checkpoint || ${database.sql.json({ held, tick, phase: "listed" })}
    where operation_id = ${check}`;
  expect(await world.ended(check)).toMatchObject({
    status: "held",
    error: { code: "deletions_held", message: held.message },
  });
  expect((await world.source()).metadata.last_deletion_check).toBe(tick);
});
