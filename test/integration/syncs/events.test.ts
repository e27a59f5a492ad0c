import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { transaction } from "#shared/db/connect.ts";
import { sendOutbox, writeEvent } from "#shared/notifications/outbox.ts";
import { LEASE_MS } from "#shared/syncs/operations/claims.ts";
import { makeEventBus, type SimulatedBus } from "#test/simulation/event-bus.ts";
import { makeRandom } from "#test/simulation/random.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const OPERATION = "00000000-0000-4000-8000-000000000000";
const NOW = new Date("2026-03-01T12:00:00Z");
const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

describe("the outbox", () => {
  let bus: SimulatedBus;
  beforeEach(() => {
    bus = makeEventBus(makeRandom(1));
  });

  const write = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      const detail = { source_id: `s${n}`, operation_id: OPERATION };
      await writeEvent(database.sql, { type: "source.credentials_expired", detail, now: NOW });
    }
  };
  const received = () =>
    [...bus.received.values()].map(({ detail }) => ("source_id" in detail ? detail.source_id : ""));
  const all = (count: number) => Array.from({ length: count }, (_, n) => `s${n}`);
  const unsent = async () => {
    const rows = await database.sql`select id from event_outbox where sent_at is null`;
    return rows.length;
  };

  it("the outbox delivers each event once, in order, for any number of events", async () => {
    await write(33);
    expect(await sendOutbox(database.sql, bus, NOW)).toBe(33);
    expect(received()).toEqual(all(33));
    expect(await sendOutbox(database.sql, bus, NOW)).toBe(0);
    const [row] = await database.sql`select id, created_at, sent_at from event_outbox order by id desc`;
    expect(row).toMatchObject({ created_at: NOW, sent_at: NOW });
    expect(bus.received.has(Number(row?.id))).toBe(true);
  });

  it("the outbox sends a limited number of events at a time, oldest first, and the rest the next time", async () => {
    await write(12);
    expect(await sendOutbox(database.sql, bus, NOW, 11)).toBe(11);
    expect(received()).toEqual(all(11));
    expect(await sendOutbox(database.sql, bus, NOW, 11)).toBe(1);
    expect(received()).toEqual(all(12));
  });

  it.each([1, 2, 3])(
    "the outbox resends from batch %i on when that one is refused, and loses no event",
    async (nth) => {
      await write(25);
      let calls = 0;
      const sender = {
        send: async (events: Parameters<SimulatedBus["send"]>[0]) => {
          if ((calls += 1) === nth) bus.refuse(1);
          await bus.send(events);
        },
      };
      await expect(sendOutbox(database.sql, sender, NOW)).rejects.toMatchObject({ code: "events_refused" });
      expect(calls).toBe(nth);
      expect(await unsent()).toBe(25 - 10 * (nth - 1));
      expect(await sendOutbox(database.sql, sender, NOW)).toBe(25 - 10 * (nth - 1));
      expect(received()).toEqual(all(25));
      expect(await unsent()).toBe(0);
    },
  );

  it("an event is written in the transaction that causes it, or not at all", async () => {
    const failing = transaction(database.sql, async (tx) => {
      const detail = { source_id: "s", operation_id: OPERATION };
      await writeEvent(tx, { type: "source.credentials_expired", detail, now: NOW });
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await unsent()).toBe(0);
  });
});

describe("a bus that refuses events", () => {
  let world: SyncWorld;
  beforeEach(async () => {
    world = await makeSyncWorld(database.sql, { pages: 3 });
  });

  const events = () => [...world.bus.received.values()];

  it("an event bus that refuses events for a week loses none, and blocks no other duty of the sweeper", async () => {
    world.bus.refuse(1_000_000);
    const sync = await world.sync();
    const gone = world.page("Page 1").id;
    trashPage(world.site, gone);
    const check = await world.check();
    await database.sql`
      insert into archon_progress (operation_id, source_id, operation_type, status, actor, created_at, updated_at, finished_at)
      values (${OPERATION}, ${SOURCE_ID}, 'confluence_sync', 'completed', 'api', ${NOW}, ${NOW}, ${NOW})`;
    await database.sql`
      insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, embedding_model,
        status, created_at, updated_at)
      values ('leaving', 'Leaving', 'https://x.atlassian.net', 'X', '1', 'X', 'a', 'fake-embedder', 'deleting', ${NOW}, ${NOW})`;
    const [kept] = await database.sql`select page_id, id from archon_crawled_pages order by id desc limit 1`;
    await database.sql`
      update archon_crawled_pages set metadata = '{"_pending_deletion": true}' where id = ${String(kept?.id)}`;
    for (let day = 0; day < 8; day += 1) {
      world.pass(DAY_MS);
      await world.minute();
    }
    expect(await database.sql`select id from event_outbox where sent_at is null`).toHaveLength(3);
    expect(await database.sql`select id from archon_crawled_pages where id = ${String(kept?.id)}`).toEqual(
      [],
    );
    expect(await database.sql`select source_id from archon_sources where source_id = 'leaving'`).toEqual([]);
    expect(await database.sql`select 1 from archon_progress where operation_id = ${OPERATION}`).toEqual([]);
    world.bus.refuse(0);
    await world.minute();
    expect(events()).toMatchObject([
      { type: "sync.completed", detail: { operation_id: sync.operation_id, status: "completed" } },
      {
        type: "page.deleted",
        detail: { operation_id: check.operation_id, page_id: gone, reason: "trashed" },
      },
      { type: "sync.completed", detail: { operation_id: check.operation_id } },
    ]);
  });

  it("an event bus that refuses events makes the sweep fail, which the alarm on its errors sees", async () => {
    await world.sync();
    await world.minute();
    trashPage(world.site, world.page("Page 1").id);
    await world.check();
    const { handler } = await import("#functions/sync/sweep.ts");
    const { withServices } = await import("#functions/runtime/services.ts");
    const context = { functionName: "sweep", getRemainingTimeInMillis: () => 60_000 } as never;
    const sweep = () => withServices(world.services(null), async () => handler({}, context));
    world.bus.refuse(1);
    await expect(sweep()).rejects.toMatchObject({ code: "events_refused" });
    await expect(sweep()).resolves.toMatchObject({ events: 2 });
  });

  it("a superseded operation is sent as an event, like any that failed", async () => {
    const dead = await world.startSync();
    await world.deliverUntil("plan", async () => (await world.progress(dead)).pages_listed === 3);
    world.pass(LEASE_MS + 1000);
    await world.ended(await world.startSync());
    await world.minute();
    expect(events()).toContainEqual({
      type: "sync.failed",
      detail: expect.objectContaining({
        source_id: SOURCE_ID,
        operation_id: dead,
        operation_type: "confluence_sync",
        code: "lease_expired",
      }),
    });
  });
});

describe("events that were sent", () => {
  it("sent events are kept for a week and then removed; unsent ones are kept forever", async () => {
    const world = await makeSyncWorld(database.sql, { pages: 1 });
    const sentAt = world.now();
    const detail = { source_id: "s", operation_id: OPERATION };
    for (let n = 0; n < 2; n += 1)
      await writeEvent(database.sql, { type: "source.credentials_expired", detail, now: sentAt });
    await database.sql`update event_outbox set sent_at = ${sentAt} where id = 1`;
    const ids = async () =>
      (await database.sql<{ id: string }[]>`select id from event_outbox order by id`).map(({ id }) => id);
    world.bus.refuse(1_000_000);
    world.pass(7 * DAY_MS - 2 * 60_000);
    await world.minute();
    expect(await ids()).toEqual(["1", "2"]);
    world.pass(60_000);
    await world.minute();
    expect(await ids()).toEqual(["2"]);
    world.pass(300 * DAY_MS);
    await world.minute();
    expect(await ids()).toEqual(["2"]);
  });
});
