import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import fc from "fast-check";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { markSourceDeleting } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { LEASE_MS } from "#shared/syncs/operations/claims.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 8;

describe("operations of a source", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    world.site.settings.max_page_size = 3;
  });
  afterAll(() => database.close());

  const trySync = () => syncSpace(SOURCE_ID, SPACE, { actor: "manual" }, world.outside);
  const cancel = () => cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "api" });
  const stored = async () => {
    const rows = await database.sql`select page_id from confluence_pages where version > 0 order by page_id`;
    return rows.length;
  };
  const openWork = async () => {
    const [row] = await database.sql`select count(*)::int as count from sync_work where state = 'pending'`;
    return row?.count;
  };

  it("operations of a source run one at a time, of either type: the second gets the id of the running one", async () => {
    const id = await world.startSync();
    expect(await trySync()).toEqual({ started: false, operationId: id });
    const check = { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual" } as const;
    expect(await startOperation(check, world.outside)).toEqual({ started: false, operationId: id });
    const results = await Promise.all([trySync(), trySync(), trySync()]);
    expect(results.every((result) => !result.started)).toBe(true);
    await world.ended(id);
    expect((await trySync()).started).toBe(true);
  });

  it("of several operations started at the same moment only one begins", async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => trySync()));
    expect(results.filter((result) => result.started)).toHaveLength(1);
    expect(new Set(results.map((result) => result.operationId)).size).toBe(1);
  });

  it("operations keep their lease while sweeps run, however long a pause is", async () => {
    world.site.faults.push({ effect: "rate_limit", retry_after: 900, times: 4, skip: 0 });
    const id = await world.startSync();
    for (let n = 0; n < 40; n += 1) {
      await world.minute();
      const { finished_at } = await world.progress(id);
      if (finished_at === null) expect((await trySync()).started).toBe(false);
    }
    expect((await world.ended(id)).status).toBe("completed");
  });

  it("an operation without a heartbeat for the lease's time is superseded", async () => {
    const dead = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(dead)).pages_listed === 3);
    world.pass(LEASE_MS - 60_000);
    expect((await trySync()).started).toBe(false);
    world.pass(2 * 60_000);
    const next = await trySync();
    expect(next.started).toBe(true);
    expect(await world.progress(dead)).toMatchObject({ status: "failed", error: { code: "lease_expired" } });
    expect(await world.ended(next.operationId)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_failed: 0 },
    });
    expect(await stored()).toBe(PAGES);
    expect(await openWork()).toBe(0);
  });

  it.each(["an operation whose lease expired", "an operation whose workers crash at one step"])(
    "%s is logged as failed once, and one event reports it",
    async (which) => {
      const id = await world.startSync();
      const expired = which.includes("lease");
      if (expired) {
        world.pass(LEASE_MS + 60_000);
        await trySync();
      } else {
        world.scheduler.crashAt((step) => step.endsWith("/user/current"));
        await world.ended(id);
        world.scheduler.crashAt(null);
      }
      const finished = world.logged.filter(({ event }) => event === "operation.finished");
      expect(finished).toEqual([
        expect.objectContaining({
          level: "error",
          fields: expect.objectContaining({
            source_id: SOURCE_ID,
            operation_id: id,
            status: "failed",
            code: expired ? "lease_expired" : "worker_died",
          }),
        }),
      ]);
      const failed = await database.sql`
        select detail ->> 'operation_id' as id, detail ->> 'code' as code from event_outbox
        where event_type = 'sync.failed'`;
      expect(failed).toEqual([{ id, code: expired ? "lease_expired" : "worker_died" }]);
    },
  );

  it("a cancelled operation keeps what was stored and drops the rest, and its late messages do nothing", async () => {
    const id = await world.startSync();
    // Killed after two listing pages.
    await world.deliverUntil("plan", async () => (await world.progress(id)).pages_listed === 6);
    await world.deliverOne("page");
    const before = await stored();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(PAGES);
    expect(await cancel()).toBe(id);
    expect(await cancel()).toBeNull();
    world.takeRequests();
    for (let n = 0; n < 15; n += 1) await world.minute();
    expect(world.takeRequests()).toEqual([]);
    expect(await world.progress(id)).toMatchObject({ status: "cancelled", error: { code: "cancelled" } });
    expect(await stored()).toBe(before);
    expect(await openWork()).toBe(0);
    expect(world.queues.size()).toBe(0);
    expect((await world.source()).metadata.last_sync_timestamp).toBeNull();
    await world.sync();
    expect(await stored()).toBe(PAGES);
  });

  it("an operation ends cleanly when cancelled while a worker processes its pages, and the next sync stores the missing ones", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    // The cancel comes between the fetch of the bodies and the first swap.
    expect(world.deliver("page", Number.POSITIVE_INFINITY)).toBe(true);
    for (let n = 0; n < 6; n += 1) await world.scheduler.advance();
    expect(await cancel()).toBe(id);
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    expect(world.failures).toEqual([]);
    expect(await world.progress(id)).toMatchObject({ status: "cancelled" });
    expect(await openWork()).toBe(0);
    await world.sync();
    expect(await stored()).toBe(PAGES);
  });

  it("an operation fails, and lets the next one begin, when its workers repeatedly crash at the same step", async () => {
    await world.sync();
    const before = (await world.source()).metadata.last_sync_timestamp;
    let deaths = 0;
    world.scheduler.crashAt((step) => {
      const deadly = step.endsWith("/content/search");
      if (deadly) deaths += 1;
      return deadly;
    });
    const started = world.now().getTime();
    expect(await world.sync()).toMatchObject({ status: "failed", error: { code: "worker_died" } });
    expect(deaths).toBe(9);
    expect(world.now().getTime() - started).toBeLessThan(60 * 60_000);
    expect((await world.source()).metadata.last_sync_timestamp).toBe(before);
    world.scheduler.crashAt(null);
    expect((await world.sync()).status).toBe("completed");
  });

  it("operations of a deleted source end quietly, and their messages are dropped", async () => {
    const id = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(id)).pages_listed === 6);
    expect(world.queues.size()).toBeGreaterThan(0);
    await markSourceDeleting(database.sql, SOURCE_ID, world.now());
    world.takeRequests();
    await world.drain();
    for (let n = 0; n < 8; n += 1) await world.minute();
    expect(world.takeRequests()).toEqual([]);
    expect(world.queues.size()).toBe(0);
    expect(world.queues.deadLetters()).toEqual([]);
    expect(await database.sql`select source_id from archon_sources`).toEqual([]);
    // Also when its rows are gone for good.
    const ids = { operation_id: world.outside.newId(), source_id: SOURCE_ID };
    await world.outside.queue.send("page", [{ ...ids, page_id: "1" }]);
    await world.outside.queue.send("plan", [ids]);
    await world.outside.queue.send("check", [ids]);
    await world.drain();
    expect(world.queues.size()).toBe(0);
    expect(world.takeRequests()).toEqual([]);
  });

  it.each(["cancelled with it", "still running"])(
    "deleting a source while a worker processes its pages is no error (%s)",
    async (how) => {
      const id = await world.startSync();
      await world.deliverOne("plan");
      // Between the fetch of the bodies and the first swap.
      expect(world.deliver("page", Number.POSITIVE_INFINITY)).toBe(true);
      for (let n = 0; n < 6; n += 1) await world.scheduler.advance();
      world.logged.length = 0;
      if (how === "cancelled with it") await cancel();
      await markSourceDeleting(database.sql, SOURCE_ID, world.now());
      while (world.scheduler.running() > 0) await world.scheduler.advance();
      await world.drain();
      expect(world.failures).toEqual([]);
      expect(world.logged.filter(({ level }) => level === "error")).toEqual([]);
      const finished = world.logged.filter(({ event }) => event === "operation.finished");
      expect(finished.map(({ level, fields }) => [level, fields.operation_id])).toEqual(
        how === "still running" ? [["info", id]] : [],
      );
    },
  );

  it("page messages restore no older version, whatever their order, number and age", async () => {
    await world.sync();
    const page = world.page("Page 1");
    const messages: { operation_id: string; source_id: string; page_id: string }[] = [];
    const versions = async () => {
      const [row] = await database.sql`
        select p.version, array_agg(c.content order by c.chunk_number) as chunks from confluence_pages p
        join archon_crawled_pages c using (source_id, page_id) where p.page_id = ${page.id} group by p.version`;
      return { version: Number(row?.version), text: String(row?.chunks) };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
        fc.boolean(),
        async (replayed, edit) => {
          world.pass(60_000);
          const before = await versions();
          if (edit) editPage(world.site, page.id, { body: bodyOf(`edition${page.version.number + 1}x`) });
          const id = await world.startSync();
          messages.push({ operation_id: id, source_id: SOURCE_ID, page_id: page.id });
          for (const index of replayed) {
            const old = messages[index % messages.length];
            if (old) await world.outside.queue.send("page", [old, old]);
            await world.deliverOne("page");
          }
          expect((await versions()).version).toBeGreaterThanOrEqual(before.version);
          expect((await world.ended(id)).status).toBe("completed");
          const after = await versions();
          expect(after.version).toBe(page.version.number);
          if (after.version > 1) expect(after.text).toContain(`edition${after.version}x`);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("a body fetched earlier and stored later does not replace a newer version", async () => {
    await world.sync();
    const page = world.page("Page 2");
    world.pass(60_000);
    editPage(world.site, page.id, { body: bodyOf("second") });
    const slow = await world.startSync();
    await world.deliverOne("plan");
    // This worker has fetched version 2 and stands still; meanwhile version 3 is stored.
    expect(world.deliver("page", Number.POSITIVE_INFINITY)).toBe(true);
    let fetched = false;
    while (!fetched) {
      await world.scheduler.advance();
      fetched = world.site.requests.some(
        ({ path, query }) =>
          path.endsWith("/pages") &&
          query.includes("storage") &&
          query.includes(page.id) &&
          !query.includes("cursor"),
      );
    }
    expect((await world.progress(slow)).finished_at).toBeNull();
    editPage(world.site, page.id, { body: bodyOf("third") });
    await database.sql`update confluence_pages set version = 3, state_revision = state_revision + 1 where page_id = ${page.id}`;
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    const [row] = await database.sql`select version from confluence_pages where page_id = ${page.id}`;
    expect(row?.version).toBe(3);
    expect(await world.find("second")).toEqual([]);
  });
});
