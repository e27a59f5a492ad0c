import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { markSourceDeleting } from "#shared/sources/sources.ts";
import { releaseAllClaims, sweep } from "#shared/syncs/schedules/sweep.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 4;
const MINUTE_MS = 60_000;
/** What the sweeper keeps for the statements that it has begun. */
const RESERVE_MS = 15_000;

describe("a sweep", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
  });
  afterAll(() => database.close());

  const sweepWith = (remainingMs: () => number, outside: Partial<SyncWorld["outside"]> = {}) =>
    sweep(
      {
        ...world.outside,
        ...outside,
        events: { send: async (events) => world.bus.send(events) },
        retention: { operationDays: 90, changeDays: 7, eventDays: 7 },
      },
      { remainingMs },
    );
  const sources = () => database.sql`select source_id from archon_sources`;

  it("a sweep writes the words again that an earlier release wrote", async () => {
    await world.sync();
    await database.sql`update archon_crawled_pages set words_revision = 0`;
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ wordsRewritten: PAGES });
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ wordsRewritten: 0 });
  });

  it("a sweep reports what it sent again, finished, delivered and removed", async () => {
    const id = await world.startSync();
    await world.deliverOne("plan");
    // As a worker leaves it that is lost between the commit of the last page and the end of the operation.
    await database.sql`update sync_work set state = 'done', outcome = 'unchanged' where operation_id = ${id}`;
    expect((await world.progress(id)).status).toBe("processing");
    expect(await sweepWith(() => MINUTE_MS)).toEqual({
      resent: 0,
      finished: 1,
      events: 1,
      chunksCleared: 0,
      rowsDeleted: 0,
      wordsRewritten: 0,
    });
    expect((await world.progress(id)).status).toBe("completed");
    await markSourceDeleting(database.sql, SOURCE_ID, world.now());
    // Pages and their work, the operation, the source, its site; chunks go along.
    const { rowsDeleted } = await sweepWith(() => MINUTE_MS);
    expect(rowsDeleted).toBe(2 * PAGES + 3);
    expect(await sources()).toEqual([]);
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ rowsDeleted: 0 });
  });

  it("a sweep that cannot send an operation again does the rest, and says so at its end", async () => {
    await world.sync();
    await database.sql`update event_outbox set sent_at = null`;
    await database.sql`update archon_crawled_pages set words_revision = 0`;
    const id = await world.startSync();
    world.queues.receive("plan", world.now().getTime());
    world.pass(5 * MINUTE_MS);
    const queue = {
      ...world.outside.queue,
      send: async () => Promise.reject(new Error("The queue refuses messages")),
    };
    const swept = sweepWith(() => MINUTE_MS, { queue });
    await expect(swept).rejects.toThrow("1 running operations could not be resumed");
    expect(await database.sql`select from event_outbox where sent_at is null`).toHaveLength(0);
    expect(await database.sql`select from archon_crawled_pages where words_revision = 0`).toHaveLength(0);
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ resent: 1 });
    await world.ended(id);
  });

  it("a sweep whose time is nearly over sends nothing again and deletes no rows, but delivers events", async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    const id = await world.startSync();
    world.queues.receive("plan", world.now().getTime());
    world.pass(5 * MINUTE_MS);
    await database.sql`update event_outbox set sent_at = null`;
    expect(await sweepWith(() => RESERVE_MS)).toMatchObject({ resent: 0, events: 1 });
    expect(await sweepWith(() => RESERVE_MS + 1)).toMatchObject({ resent: 1, events: 0 });
    await world.ended(id);
    await markSourceDeleting(database.sql, SOURCE_ID, world.now());
    expect(await sweepWith(() => RESERVE_MS)).toMatchObject({ rowsDeleted: 0 });
    // A step of it in each sweep, when there is time for one.
    let sweeps = 0;
    for (; (await sources()).length > 0 && sweeps < 10; sweeps += 1) {
      let looks = 0;
      const { rowsDeleted } = await sweepWith(() => (looks++ === 0 ? MINUTE_MS : 0));
      expect(rowsDeleted).toBeGreaterThan(0);
    }
    expect(sweeps).toBeGreaterThan(3);
    expect(await sources()).toEqual([]);
  });

  it("claims of workers that are known to be lost are released at once, and their work is sent again", async () => {
    const id = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(id)).status === "listing");
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ resent: 0 });
    await releaseAllClaims(database.sql);
    world.pass(3 * MINUTE_MS);
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ resent: 1 });
    await world.deliverOne("plan");
    await world.deliverUntil("page", async () => {
      const rows = await database.sql`select 1 from sync_work where claimed_until is not null`;
      return rows.length === PAGES;
    });
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ resent: 0 });
    await releaseAllClaims(database.sql);
    expect(await sweepWith(() => MINUTE_MS)).toMatchObject({ resent: PAGES });
    expect((await world.ended(id)).sync_metrics.pages_added).toBe(PAGES);
  });
});
