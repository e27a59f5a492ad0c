import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { later } from "#shared/syncs/later.ts";
import { LEASE_MS } from "#shared/syncs/operations/claims.ts";
import { sweep } from "#shared/syncs/schedules/sweep.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;

describe("what a sweep sends again, renews and removes", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let operationId: string;
  let sent: string[];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 1 });
    operationId = await world.startSync();
    sent = [];
    world.logged.length = 0;
  });
  afterAll(() => database.close());

  const ago = (ms: number) => later(world.now(), -ms);
  const sweepNow = () => {
    const queue: SyncWorld["outside"]["queue"] = {
      send: async (name, tasks, options) => {
        sent.push(...tasks.map((task) => `${name} ${"page_id" in task ? task.page_id : ""}`.trim()));
        expect(options?.delaySeconds ?? 0).toBe(0);
      },
    };
    const services = {
      ...world.outside,
      queue,
      events: { send: async () => {} },
      retention: { operationDays: 90, changeDays: 7, eventDays: 7 },
    };
    return sweep(services, { remainingMs: () => MINUTE_MS });
  };
  const set = (columns: Record<string, Date | string | null>) => database.sql`
    update archon_progress set ${database.sql(columns)} where operation_id = ${operationId}`;
  const resends = () =>
    world.logged.flatMap(({ event, fields }) => (event === "sweep.resent" ? [fields] : []));

  describe("that lists", () => {
    it.each<[string, Record<string, () => Date | null>, boolean]>([
      ["was sent two minutes ago", { enqueued_at: () => ago(2 * MINUTE_MS) }, true],
      ["was sent less than two minutes ago", { enqueued_at: () => ago(2 * MINUTE_MS - 1) }, false],
      ["was never sent", { enqueued_at: () => null }, true],
      [
        "is claimed",
        { enqueued_at: () => ago(9 * MINUTE_MS), claimed_until: () => later(world.now(), 1) },
        false,
      ],
      [
        "was claimed by a worker that is lost",
        { enqueued_at: () => ago(9 * MINUTE_MS), claimed_until: () => world.now() },
        true,
      ],
      ["waits for its time", { enqueued_at: () => null, not_before: () => later(world.now(), 1) }, false],
      [
        "may go on since two minutes",
        { enqueued_at: () => null, not_before: () => ago(2 * MINUTE_MS) },
        true,
      ],
      ["may go on only now", { enqueued_at: () => null, not_before: () => world.now() }, false],
      [
        "was sent long ago, and may go on now",
        { enqueued_at: () => ago(9 * MINUTE_MS), not_before: () => world.now() },
        true,
      ],
      [
        "was sent since it may go on",
        { enqueued_at: () => ago(MINUTE_MS), not_before: () => ago(5 * MINUTE_MS) },
        false,
      ],
    ])("its next step is sent again or not: it %s", async (_, columns, isSent) => {
      await set(Object.fromEntries(Object.entries(columns).map(([name, at]) => [name, at()])));
      expect(await sweepNow()).toMatchObject({ resent: isSent ? 1 : 0 });
      expect(sent).toEqual(isSent ? ["plan"] : []);
      expect(resends()).toEqual(isSent ? [{ operation_id: operationId, queue: "plan" }] : []);
    });

    it("pages that it has found meanwhile are sent with it, and both are counted", async () => {
      await set({ enqueued_at: null });
      await addPages(2, { enqueuedAt: null });
      expect(await sweepNow()).toMatchObject({ resent: 3 });
      expect(sent).toEqual(["plan", "page p1", "page p2"]);
      // Pages that are sent for the first time are no resend.
      expect(resends()).toEqual([{ operation_id: operationId, queue: "plan" }]);
    });
  });

  const addPages = (count: number, at: { enqueuedAt: Date | null; claimedUntil?: Date }) => database.sql`
    insert into sync_work (operation_id, source_id, page_id, state, enqueued_at, claimed_until, updated_at)
    select ${operationId}, ${SOURCE_ID}, 'p' || n, 'pending', ${at.enqueuedAt}, ${at.claimedUntil ?? null}, ${world.now()}
    from generate_series(1, ${count}::int) n`;

  describe("that works on pages", () => {
    beforeEach(() => set({ status: "processing" }));

    it.each([
      ["ten minutes", 10 * MINUTE_MS, true],
      ["less than ten minutes", 10 * MINUTE_MS - 1, false],
    ])("its pages are sent again after %s without progress", async (_, ms, isSent) => {
      await addPages(2, { enqueuedAt: ago(20 * MINUTE_MS) });
      await set({ updated_at: ago(ms) });
      expect(await sweepNow()).toMatchObject({ resent: isSent ? 2 : 0 });
      expect(sent).toEqual(isSent ? ["page p1", "page p2"] : []);
      expect(resends()).toEqual(isSent ? [{ operation_id: operationId, queue: "page", pages: 2 }] : []);
    });

    it("pages whose worker was lost are sent again at once", async () => {
      await addPages(2, { enqueuedAt: ago(MINUTE_MS), claimedUntil: ago(1000) });
      expect(await sweepNow()).toMatchObject({ resent: 2 });
      expect(resends()).toMatchObject([{ queue: "page", pages: 2 }]);
    });

    it("without pages that wait nothing is sent, and nothing is said of it", async () => {
      await addPages(1, { enqueuedAt: ago(MINUTE_MS), claimedUntil: later(world.now(), 1000) });
      await set({ updated_at: ago(30 * MINUTE_MS) });
      expect(await sweepNow()).toMatchObject({ resent: 0 });
      expect([sent, resends()]).toEqual([[], []]);
    });
  });

  it.each([
    ["less than half of it is left", LEASE_MS / 2 - 1, LEASE_MS],
    ["half of it is left", LEASE_MS / 2, LEASE_MS / 2],
  ])("its lease is renewed only when %s", async (_, left, expected) => {
    await database.sql`update archon_sources set lease_until = ${later(world.now(), left)}`;
    await sweepNow();
    const rows = await database.sql<{ at: Date }[]>`select lease_until as at from archon_sources`;
    expect(rows).toEqual([{ at: later(world.now(), expected) }]);
  });

  it("chunks that are cleared are counted, abandoned ones and marked ones together", async () => {
    await world.ended(operationId);
    await database.sql`
      update archon_crawled_pages set metadata = metadata || '{"_pending_deletion": true}'
      where id = (select min(id) from archon_crawled_pages)`;
    await database.sql`
      insert into archon_staged_chunks (chunk_id, source_id, page_id, content, heading_path, input_hash, place, search_vector, words_revision, staged_at)
      select 1000000 + n, source_id, page_id, 'x', '{}', 'hash', null, '', 1, ${ago(61 * MINUTE_MS)}
      from confluence_pages, generate_series(1, 2) n where kind = 'page' limit 2`;
    expect(await sweepNow()).toMatchObject({ chunksCleared: 3 });
    expect(await sweepNow()).toMatchObject({ chunksCleared: 0 });
  });

  it("rows that are deleted are counted, of kinds switched off and of what expired", async () => {
    await world.ended(operationId);
    await database.sql`
      insert into confluence_pages (source_id, page_id, title, version, kind) values (${SOURCE_ID}, 'post', 'A post', 1, 'blogpost')`;
    await database.sql`
      insert into event_outbox (event_type, detail, created_at, sent_at) values ('a', '{}', ${ago(0)}, ${ago(8 * 24 * 60 * MINUTE_MS)})`;
    expect(await sweepNow()).toMatchObject({ rowsDeleted: 2 });
    expect(await sweepNow()).toMatchObject({ rowsDeleted: 0 });
  });
});
