import { afterAll, beforeAll, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { makeHook } from "#test/support/hook-sender.ts";
import { bodyOf, makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
  const content = { blogposts: true, comments: "open", attachments: true } as const;
  world = await makeSyncWorld(database.sql, { pages: 10, intervalMinutes: 24 * 60, content });
  await world.sync();
  await database.sql`update confluence_sites set pulse = true`;
});
afterAll(() => database.close());

const runSchedules = async () => {
  for (const name of ["sweep", "pulse-sites", "start-scheduled-syncs"] as const) {
    world.invoke(name, {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
  }
};
const types = () => database.sql<{ type: string; actor: string }[]>`
  select operation_type as type, actor from archon_progress order by created_at, operation_id offset 1`;

it("a comment that no hook announces is found although an operation for announced pages runs at each pulse", async () => {
  const hook = await makeHook(world);
  let edits = 0;
  const announceEdit = async () => {
    edits += 1;
    const { id } = world.page(`Page ${edits}`);
    editPage(world.site, id, { body: bodyOf(`edit${edits}`) });
    await hook.deliver({ page: { id }, space: { key: "DEMO" } });
  };
  const body = "<p>This table leaves out the zeppelin entirely</p>";
  addComment(world.site, { containerId: world.page("Page 10").id, body });
  await announceEdit();
  for (let minute = 1; minute <= 3; minute += 1) {
    world.pass(57_000);
    await runSchedules();
    world.pass(3000);
    // Before the operation for the last edit ends: the next one follows it.
    await announceEdit();
    await world.drain();
  }
  expect((await world.find("zeppelin")).map(({ kind }) => kind)).toEqual(["comments"]);
  // Once: hints have their turn again after it.
  const started = (await types()).map(({ type, actor }) => `${type} by ${actor}`);
  expect(started.filter((one) => one !== "page_sync by hook")).toEqual(["confluence_sync by pulse"]);
  expect(started.at(-1)).toBe("page_sync by hook");
});
