import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { processPageBatch } from "#functions/sync/process-page.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;
const PEOPLE = 6;
const PAGES = 20;
const account = (n: number) => `712020:person-${n}`;

describe("people whom pages mention", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    for (let n = 0; n < PEOPLE; n += 1) world.site.people.set(account(n), `Person Number${n}`);
    for (let n = 0; n < PAGES; n += 1) {
      const link = `<ac:link><ri:user ri:account-id="${account(n % PEOPLE)}" /></ac:link>`;
      addPage(world.site, { space: SPACE, title: `Page ${n}`, body: `<p>Ask ${link} about word${n}.</p>` });
    }
  });
  afterAll(() => database.close());

  const lookUps = () => world.takeRequests().filter((request) => request.path.endsWith("/users-bulk"));

  const invocation = { remainingMs: () => 60_000 };
  const listed = async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    const services = world.services(null) as PageServices;
    const tasks = [...world.site.pages.keys()].map((pageId) => ({
      operation_id: id,
      source_id: SOURCE_ID,
      page_id: pageId,
    }));
    return { id, services, tasks };
  };

  it("mentioned people are looked up once for a batch of pages, and not again by a warm worker", async () => {
    const { id, services, tasks } = await listed();
    await processPageBatch(tasks.slice(0, PAGES / 2), services, invocation);
    expect(lookUps()).toHaveLength(1);
    await processPageBatch(tasks.slice(PAGES / 2), services, invocation);
    expect(lookUps()).toEqual([]);
    expect((await world.progress(id)).sync_metrics).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
    const [hit] = await world.find("word3");
    expect(hit?.content).toContain("Person Number3");
  });

  it("mentioned people are looked up again by a warm worker after an hour", async () => {
    const { services, tasks } = await listed();
    await processPageBatch(tasks.slice(0, 8), services, invocation);
    lookUps();
    world.pass(50 * MINUTE_MS);
    await processPageBatch(tasks.slice(8, 14), services, invocation);
    expect(lookUps()).toEqual([]);
    world.site.people.set(account(3), "Person Renamed");
    world.pass(11 * MINUTE_MS);
    await processPageBatch(tasks.slice(14), services, invocation);
    expect(lookUps()).toHaveLength(1);
    const [hit] = await world.find("word15");
    expect(hit?.content).toContain("Person Renamed");
  });

  it("mentioned people have no name where the account may not look them up, and the pages are stored", async () => {
    world.site.faults.push({
      effect: "status",
      status: 403,
      retry_after: null,
      path: "users-bulk",
      times: 1000,
      skip: 0,
    });
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_added: PAGES } });
    const [hit] = await world.find("word3");
    expect(hit?.content).toMatch(/^Ask .*about word3\.$/);
    expect(hit?.content).not.toContain("Person");
  });

  it("mentioned people are looked up again, with their pages, when the look-up fails for a while", async () => {
    world.site.faults.push({
      effect: "status",
      status: 503,
      retry_after: null,
      path: "users-bulk",
      times: 5,
      skip: 0,
    });
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { pages_added: PAGES } });
    const [hit] = await world.find("word3");
    expect(hit?.content).toContain("Person Number3");
  });
});
