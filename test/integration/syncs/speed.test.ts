import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { processPageBatch } from "#functions/sync/process-page.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 8;
const SECOND_MS = 1000;

describe("how far and how fast an operation is", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    world.pace.stepMs = 1;
  });
  afterAll(() => database.close());

  /** Pages `first` to `last` are stored, now. */
  const store = async (operation_id: string, first: number, last: number) => {
    const tasks = Array.from({ length: last - first + 1 }, (_, n) => ({
      operation_id,
      source_id: SOURCE_ID,
      page_id: world.page(`Page ${first + n}`).id,
    }));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    const services = world.services(null) as PageServices;
    await processPageBatch(tasks, services, { remainingMs: () => 60_000 });
  };
  const shown = async (id: string) => (await world.api("GET", `/api/progress/${id}`)).body;
  const secondsFrom = (a: string, b: string) => (Date.parse(b) - Date.parse(a)) / SECOND_MS;

  it("speed is unknown before the first page is stored", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    expect(await shown(id)).toMatchObject({
      percent: 0,
      pages_listed: PAGES,
      pages_to_process: PAGES,
      pages_processed: 0,
      chunks_per_second: null,
      eta: null,
    });
  });

  it("percent, speed and eta follow from the pages that are stored and those that are open, as of the last one stored", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    world.pass(100 * SECOND_MS);
    await store(id, 1, 2);
    const quarter = await shown(id);
    expect(quarter).toMatchObject({ percent: 25, pages_to_process: 6, pages_processed: 2 });
    const chunks = quarter.sync_metrics.chunks_added;
    expect(chunks).toBeGreaterThan(1);
    // 100 seconds for two pages: six more take 300.
    const last = new Date(world.now().getTime()).toISOString();
    expect(secondsFrom(last, quarter.eta)).toBeCloseTo(300, -1);
    expect(quarter.chunks_per_second).toBeCloseTo(chunks / 100, 1);
    // Time alone changes nothing of it.
    world.pass(3600 * SECOND_MS);
    expect(await shown(id)).toEqual(quarter);
  });

  it("an operation is at 100 percent when it has ended, with the speed of the whole and nothing to come", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    world.pass(2 * SECOND_MS);
    await store(id, 1, PAGES);
    const ended = await shown(id);
    const seconds = secondsFrom(ended.started_at, ended.finished_at);
    expect(ended).toMatchObject({ status: "completed", percent: 100, eta: null });
    expect(ended.chunks_per_second).toBeCloseTo(ended.sync_metrics.chunks_added / seconds, 0);
    expect(ended.sync_metrics.duration_ms).toBe(seconds * SECOND_MS);
  });

  it("an operation that had nothing to do has no speed", async () => {
    await world.sync();
    expect(await world.sync()).toMatchObject({ status: "completed", chunks_per_second: null, eta: null });
  });

  it("percent and eta count pages that the listing has yet to show", async () => {
    world.site.settings.max_page_size = 2;
    const id = await world.startSync();
    const listed = async () => ((await world.progress(id)).pages_listed ?? 0) >= 2;
    await world.deliverUntil("plan", listed);
    world.pass(100 * SECOND_MS);
    await store(id, 1, 2);
    const part = await shown(id);
    const { pages_listed, pages_to_process } = part;
    expect(part.pages_processed).toBe(2);
    expect(pages_listed).toBeLessThan(PAGES);
    expect(pages_to_process).toBe(pages_listed - 2);
    expect(part.percent).toBe(25);
    expect(secondsFrom(world.now().toISOString(), part.eta)).toBeCloseTo(300, -1);
  });

  it("an operation that was cancelled is not at 100 percent", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    await store(id, 1, 4);
    expect((await world.api("POST", `/api/confluence/${SOURCE_ID}/cancel`)).status).toBe(202);
    expect(await shown(id)).toMatchObject({
      status: "cancelled",
      percent: 99,
      pages_to_process: 0,
      eta: null,
    });
  });
});
