import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { spaceByKey } from "#infra/local/confluence-site/site.ts";
import { insertSource, mergeSourceMetadata, requireSource } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import { startDueChecks, startDueSyncs } from "#shared/syncs/schedules/start-due.ts";
import { lastTick } from "#shared/syncs/schedules/weekly-check.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, OTHER_SPACE, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const OTHER_ID = "source-2";
const INTERVAL_MINUTES = 30;

describe("scheduled syncs", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 1, intervalMinutes: INTERVAL_MINUTES });
    const { encryptedToken, ...source } = await requireSource(database.sql, SOURCE_ID);
    await insertSource(
      database.sql,
      {
        ...source,
        sourceId: OTHER_ID,
        spaceKey: OTHER_SPACE,
        spaceId: String(spaceByKey(world.site, OTHER_SPACE)?.id),
        encryptedToken: String(encryptedToken),
        deletionStrategy: "on_demand",
      },
      world.now(),
    );
  });
  afterAll(() => database.close());

  const operations = () => database.sql`
    select source_id, status, actor, mode from archon_progress order by source_id`;

  it("scheduled syncs start for every source that is due, and not again before its interval has passed", async () => {
    expect(await startDueSyncs(world.outside)).toBe(2);
    expect(await operations()).toEqual(
      [SOURCE_ID, OTHER_ID].map((source_id) => ({
        source_id,
        status: "queued",
        actor: "schedule",
        mode: "incremental",
      })),
    );
    await world.drain();
    expect(await startDueSyncs(world.outside)).toBe(0);
    world.pass((INTERVAL_MINUTES + 1) * 60_000);
    expect(await startDueSyncs(world.outside)).toBe(2);
  });

  it("a scheduled sync starts although that of another source cannot be, and the fault is reported in the end", async () => {
    const { queue } = world.outside;
    const refusing: typeof queue = {
      send: async (name, tasks, options) => {
        if (tasks.some((task) => task.source_id === SOURCE_ID)) throw new Error("The queue refuses this");
        await queue.send(name, tasks, options);
      },
    };
    const starting = startDueSyncs({ ...world.outside, queue: refusing });
    await expect(starting).rejects.toMatchObject({
      message: "1 scheduled syncs could not be started",
      errors: [expect.objectContaining({ message: "The queue refuses this" })],
    });
    await world.drain();
    expect(await operations()).toMatchObject([
      { source_id: SOURCE_ID, status: "queued" },
      { source_id: OTHER_ID, status: "completed" },
    ]);
  });

  it("a scheduled sync whose source became busy meanwhile is not counted as started", async () => {
    const { queue } = world.outside;
    const starting: typeof queue = {
      send: async (name, tasks, options) => {
        const operation = { operationId: world.outside.newId(), sourceId: OTHER_ID, now: world.now() };
        await insertOperation(database.sql, { ...operation, type: "confluence_sync", actor: "api" });
        await queue.send(name, tasks, options);
      },
    };
    expect(await startDueSyncs({ ...world.outside, queue: starting })).toBe(1);
    expect(await operations()).toMatchObject([
      { source_id: SOURCE_ID },
      { source_id: OTHER_ID, actor: "api" },
    ]);
  });

  describe("after a first sync that did not succeed, of a source with a daily interval", () => {
    /** After how many minutes since its end it is due again. */
    const dueAfter = async () => {
      await database.sql`update archon_sources set sync_interval_minutes = 1440 where source_id = ${SOURCE_ID}`;
      await database.sql`update archon_sources set sync_interval_minutes = null where source_id = ${OTHER_ID}`;
      let minutes = 0;
      for (; (await startDueSyncs(world.outside)) === 0; minutes += 1) world.pass(60_000);
      return minutes;
    };
    const fault = (effect: Record<string, unknown>) =>
      world.site.faults.push({ ...effect, times: 1_000_000, skip: 0 } as never);

    it("one that failed is due again after half an hour", async () => {
      fault({ effect: "status", status: 400, retry_after: null, path: "/api/v2/pages" });
      expect((await world.sync()).status).toBe("failed");
      expect(await dueAfter()).toBe(30);
    });

    it("one that listed less than Confluence counted is due again after half an hour", async () => {
      fault({ effect: "empty_listing", path: "/api/v2/pages" });
      expect((await world.sync()).status).toBe("completed");
      expect((await world.source()).metadata.last_sync_timestamp).toBeNull();
      expect(await dueAfter()).toBe(30);
    });

    it("one that a person cancelled is due at the interval", async () => {
      await world.startSync();
      await cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "a test" });
      expect(await dueAfter()).toBeGreaterThan(1400);
    });

    it("a later sync that failed is due at the interval", async () => {
      await world.sync();
      fault({ effect: "status", status: 400, retry_after: null, path: "/api/v2/pages" });
      expect((await world.sync({ mode: "full" })).status).toBe("failed");
      expect(await dueAfter()).toBeGreaterThan(1400);
    });
  });

  describe("weekly checks", () => {
    const checks = () => database.sql`
      select source_id, status, actor, scheduled_for as tick from archon_progress
      where operation_type = 'deletion_check' order by created_at, source_id`;
    const isWeekly = async (...sourceIds: string[]) => {
      for (const sourceId of sourceIds)
        await mergeSourceMetadata(
          database.sql,
          sourceId,
          { deletion_strategy: "weekly_reconciliation", sync_metrics: {} },
          world.now(),
        );
    };
    const day = 24 * 60 * 60_000;
    /** The clock to a minute before the next tick, with the check of the source due at it. */
    const beforeTick = async () => {
      await world.sync();
      await isWeekly(SOURCE_ID);
      const tick = new Date(lastTick(world.now()).getTime() + day);
      world.pass(tick.getTime() - world.now().getTime() - 60_000);
      return tick;
    };

    it("a weekly check whose tick finds the source busy starts when that operation ends, for the same tick", async () => {
      const tick = await beforeTick();
      const sync = await world.startSync();
      world.pass(60_000);
      expect(await startDueChecks(tick, world.outside)).toBe(0);
      await world.ended(sync);
      expect(await checks()).toMatchObject([{ source_id: SOURCE_ID, actor: "schedule", tick }]);
      for (let n = 0; n < 10; n += 1) await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ status: "completed" }]);
      expect((await world.source()).metadata.last_deletion_check).toBe(tick.toISOString());
    });

    it("a weekly check whose tick finds the source busy starts within a minute after that operation was cancelled", async () => {
      const tick = await beforeTick();
      await world.startSync();
      world.pass(60_000);
      expect(await startDueChecks(tick, world.outside)).toBe(0);
      await cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "a test" });
      await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ source_id: SOURCE_ID, status: "completed", tick }]);
    });

    it("a source that is synced each minute still has its weekly check", async () => {
      const tick = await beforeTick();
      await database.sql`update archon_sources set sync_interval_minutes = 1 where source_id = ${SOURCE_ID}`;
      for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ source_id: SOURCE_ID, status: "completed", tick }]);
    });

    it("a new source waits for the tick with its first check", async () => {
      const tick = new Date(lastTick(world.now()).getTime() + day);
      await isWeekly(SOURCE_ID);
      await world.sync();
      for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
      expect(await checks()).toEqual([]);
      world.pass(tick.getTime() - world.now().getTime());
      await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ source_id: SOURCE_ID, status: "completed", tick }]);
    });

    it("a weekly check that failed is tried again at the next tick and not each minute", async () => {
      await beforeTick();
      world.site.faults.push({
        effect: "status",
        status: 400,
        path: "/api/v2/pages",
        times: 1_000_000,
        skip: 0,
        retry_after: null,
      });
      for (let n = 0; n < 90; n += 1) await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ source_id: SOURCE_ID, status: "failed" }]);
      world.site.faults.length = 0;
      world.pass(day);
      await world.minute("start-scheduled-syncs");
      expect(await checks()).toMatchObject([{ status: "failed" }, { status: "completed" }]);
    });

    it("a weekly check starts although that of another source cannot, and the fault is reported in the end", async () => {
      const tick = await beforeTick();
      await isWeekly(OTHER_ID);
      world.pass(60_000);
      const { queue } = world.outside;
      const refusing: typeof queue = {
        send: async (name, tasks, options) => {
          if (tasks.some((task) => task.source_id === SOURCE_ID)) throw new Error("The queue refuses this");
          await queue.send(name, tasks, options);
        },
      };
      await expect(startDueChecks(tick, { ...world.outside, queue: refusing })).rejects.toMatchObject({
        message: "1 scheduled deletion checks could not be started",
        errors: [expect.objectContaining({ message: "The queue refuses this" })],
      });
      await world.drain();
      expect(await checks()).toMatchObject([
        { source_id: SOURCE_ID, status: "queued" },
        { source_id: OTHER_ID, status: "completed" },
      ]);
    });
  });
});
