import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FunctionName } from "#infra/topology.ts";
import { claimWork } from "#shared/syncs/operations/work-claims.ts";
import { sendWork } from "#shared/syncs/operations/send-work.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 3;

describe("work that is to be done not before a moment", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let id: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    id = await world.startSync();
  });
  afterAll(() => database.close());

  const failFor = (path: string, times: number) =>
    world.site.faults.push({ effect: "status", status: 500, retry_after: null, path, times, skip: 0 });
  const invoke = async (name: FunctionName) => {
    world.invoke(name, {}, Number.POSITIVE_INFINITY);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
  };
  const pageRows = async () =>
    database.sql<{ page_id: string; not_before: Date | null; attempts: number }[]>`
      select page_id, not_before, attempts from sync_work where operation_id = ${id} order by page_id`;
  const listing = async () => {
    const [row] = await database.sql<{ not_before: Date | null; enqueued_at: Date | null }[]>`
      select not_before, enqueued_at from archon_progress where operation_id = ${id}`;
    if (!row?.not_before) throw new Error("The listing waits for nothing");
    return { notBefore: row.not_before, enqueuedAt: row.enqueued_at };
  };
  const pageIds = () => [...world.site.pages.keys()];
  const tasks = () => pageIds().map((page_id) => ({ operation_id: id, source_id: SOURCE_ID, page_id }));
  const until = (moment: Date) => moment.getTime() - world.now().getTime();

  describe("pages", () => {
    let notBefore: Date;
    beforeEach(async () => {
      await world.deliverOne("plan");
      failFor("body-format=storage", 12);
      await world.deliverOne("page");
      notBefore = new Date(Math.min(...(await pageRows()).map((row) => Number(row.not_before))));
      // Each has its own, so that they do not come back together.
      await database.sql`update sync_work set not_before = ${notBefore} where operation_id = ${id}`;
      world.takeRequests();
    });

    it("pages with not_before ignore early messages, and count no attempt for them", async () => {
      expect(until(notBefore)).toBeGreaterThan(10_000);
      const before = await pageRows();
      world.pass(until(notBefore) - 1000);
      await world.outside.queue.send("page", tasks());
      while (await world.deliverOne("page"));
      expect(world.takeRequests()).toEqual([]);
      expect(await pageRows()).toEqual(before);
      expect(before.every((row) => row.attempts === 1)).toBe(true);
      world.site.faults.length = 0;
      expect((await world.ended(id)).sync_metrics).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
    });

    it("pages with not_before are not sent early by the sweeper, whatever became of their messages", async () => {
      // Their own messages are lost; only the sweeper can send them again.
      await database.sql`update sync_work set enqueued_at = null where operation_id = ${id}`;
      world.pass(until(notBefore) - 1000);
      const messages = world.queues.size();
      await invoke("sweep");
      expect(world.queues.size()).toBe(messages);
      world.pass(1001);
      await invoke("sweep");
      expect(world.queues.size()).toBe(messages + PAGES);
    });

    it("pages with not_before are not sent early by the sweeper although there is no progress", async () => {
      const wait = 40 * 60_000;
      const later = new Date(world.now().getTime() + wait);
      await database.sql`update sync_work set not_before = ${later} where operation_id = ${id}`;
      world.site.faults.length = 0;
      // Their own messages come early, and are used up.
      world.pass(60_000);
      await world.drain();
      expect(world.queues.size()).toBe(0);
      world.pass(30 * 60_000);
      await invoke("sweep");
      expect(world.queues.size()).toBe(0);
      expect(world.takeRequests()).toEqual([]);
      expect((await world.ended(id)).sync_metrics).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
      expect(world.now().getTime()).toBeGreaterThan(later.getTime());
    });

    it("pages with not_before may be claimed and sent from that very moment on", async () => {
      const at = (ms: number) => new Date(notBefore.getTime() + ms);
      await database.sql`update sync_work set enqueued_at = null where operation_id = ${id}`;
      const operation = { operationId: id, sourceId: SOURCE_ID };
      const { queue } = world.outside;
      expect(await sendWork({ sql: database.sql, queue }, operation, at(-1))).toBe(0);
      expect(await claimWork(database.sql, id, pageIds(), { queue: "page", now: at(-1) })).toEqual([]);
      expect(await sendWork({ sql: database.sql, queue }, operation, at(0))).toBe(PAGES);
      expect(await claimWork(database.sql, id, pageIds(), { queue: "page", now: at(0) })).toHaveLength(PAGES);
    });
  });

  describe("a listing", () => {
    beforeEach(async () => {
      // So often that the wait is longer than what the sweeper gives a message.
      failFor("/wiki/", 100_000);
      for (let failures = 0; failures < 6; failures += 1) {
        await world.deliverOne("plan");
        if (failures < 5) world.pass(until((await listing()).notBefore) + 1000);
      }
      world.takeRequests();
    });

    it("a listing with not_before is not sent early by the sweeper, and once afterwards", async () => {
      const { notBefore } = await listing();
      expect(until(notBefore)).toBeGreaterThan(7 * 60_000);
      const messages = world.queues.size();
      while (until(notBefore) > 60_000) {
        world.pass(60_000);
        await invoke("sweep");
        expect(world.queues.size()).toBe(messages);
      }
      world.pass(until(notBefore) + 1);
      await invoke("sweep");
      expect(world.queues.size()).toBe(messages);
      // Its own message is lost: two minutes later the sweeper sends another, once.
      world.pass(2 * 60_000);
      for (let n = 0; n < 2; n += 1) await invoke("sweep");
      expect(world.queues.size()).toBe(messages + 1);
      world.site.faults.length = 0;
      expect((await world.ended(id)).status).toBe("completed");
    });
  });
});
