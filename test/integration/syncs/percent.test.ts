import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { queueNames } from "#shared/messages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 6;
const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: PAGES });
  world.pace.stepMs = 1;
  world.site.settings.max_page_size = 2;
});
afterAll(() => database.close());

/** The percentages that the API shows of an operation after each step of its workers, until it has ended. */
async function percentages(id: string): Promise<number[]> {
  const seen: number[] = [];
  const look = async () => {
    const { body } = await world.api("GET", `/api/progress/${id}`);
    if (seen.at(-1) !== body.percent) seen.push(body.percent);
    return body.finished_at !== null;
  };
  for (let minutes = 0; !(await look()); minutes += 1) {
    if (minutes > 60) throw new Error(`Operation ${id} has not ended after an hour`);
    for (const queue of queueNames) world.deliver(queue, Number.POSITIVE_INFINITY);
    while (await world.scheduler.advance()) await look();
    world.pass(60_000);
  }
  return seen;
}
async function onlyRises(id: string): Promise<void> {
  const seen = await percentages(id);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.at(-1)).toBe(100);
}
const edit = (...numbers: number[]) => {
  for (const n of numbers) editPage(world.site, world.page(`Page ${n}`).id, { body: bodyOf(`edited${n}`) });
};

it("the percentage of a sync only rises where Confluence does not say how many pages there are", async () => {
  await world.sync();
  edit(3, 4, 5, 6);
  world.onTheWay.change = (text) => text.replace(/"totalSize":\s*\d+,?/, "");
  await onlyRises(await world.startSync({ mode: "full" }));
});

it("the percentage of a sync only rises where a page is rendered that could not be before", async () => {
  const path = "body-format=export_view";
  world.site.faults.push({ effect: "status", status: 500, retry_after: null, path, times: 100, skip: 0 });
  addPage(world.site, { space: SPACE, title: "Index", body: `<ac:structured-macro ac:name="children" />` });
  await world.sync();
  world.site.faults.length = 0;
  world.pass(DAY_MS);
  await onlyRises(await world.startSync({ mode: "full" }));
});

it("the percentage of a sync only rises where the account's time zone changes and all is listed again", async () => {
  world.site.settings.time_zone = "Europe/Berlin";
  edit(1, 2, 3, 4, 5, 6);
  await world.sync();
  world.pass(60_000);
  const id = await world.startSync();
  const half = async () => (await world.progress(id)).pages_listed >= PAGES / 2;
  await world.deliverUntil("plan", half);
  world.site.settings.time_zone = "America/Los_Angeles";
  world.pass(7 * 60_000);
  await onlyRises(id);
});
