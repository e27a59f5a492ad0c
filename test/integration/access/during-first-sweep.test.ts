import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: AccessWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeAccessWorld(database.sql);
});
afterAll(() => database.close());

/** Case 35, while the first sweep is under way: what it read counts from its end on, so a text stored meanwhile may be younger. */
it("a page that was edited and restricted after the first sweep read it, and stored before that ended, is not shown by what it read", async () => {
  const page = world.add("P");
  // The sweep within the sync fails, and the sync goes on without.
  world.site.faults.push({
    effect: "status",
    status: 500,
    retry_after: null,
    path: "/permissions",
    times: 1000,
    skip: 0,
  });
  const operationId = await world.startSync();
  while (await world.deliverOne("plan"));
  expect(await database.sql`select from sync_work where state = 'pending'`).toHaveLength(1);
  expect(await database.sql`select from access_sweeps where error is not null`).toHaveLength(1);
  // A minute later the next one reads everything, and is interrupted before it ends.
  world.site.faults.length = 0;
  world.pass(2 * 60_000);
  let isRead = false;
  world.onTheWay.change = (text, url) => {
    if (!url.includes("restrictions.read") || isRead) return text;
    isRead = true;
    world.restrict(page, { users: ["u"] });
    editPage(world.site, page.id, { body: "<p>The secretword of P</p>" });
    world.site.faults.push({
      effect: "status",
      status: 500,
      retry_after: null,
      path: "/user/current",
      times: 1000,
      skip: 0,
    });
    return text;
  };
  world.invoke("sweep-access", {}, Number.POSITIVE_INFINITY);
  while (world.scheduler.running() > 0) await world.scheduler.advance();
  expect(isRead).toBe(true);
  const [sweep] =
    await database.sql`select checkpoint ->> 'phase' as phase, error ->> 'code' as code from access_sweeps`;
  expect(sweep).toMatchObject({ phase: "closing" });
  world.site.faults.length = 0;
  // The sync stores the page.
  await world.ended(operationId);
  const rows = await database.sql`select from archon_crawled_pages where content like '%secretword%'`;
  expect(rows).toHaveLength(1);
  // The sweep ends.
  for (let n = 0; n < 3; n += 1) await world.minute("sweep-access");
  const [source] = await database.sql`select access_verified_at from archon_sources`;
  expect(source?.["access_verified_at"]).not.toBeNull();
  expect(world.mayFind("w")).toEqual([]);
  expect(await world.finds("w")).toEqual([]);
});
