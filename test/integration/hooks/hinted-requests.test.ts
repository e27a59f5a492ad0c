import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { hintedRequests, insertHinted, STORM_PAGES } from "#shared/syncs/hints/hinted-requests.ts";
import { addHints, countHints, MAX_WAITING, type HintReason } from "#shared/syncs/hints/page-hints.ts";
import { later } from "#shared/syncs/later.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import { makeSweptSource, SOURCE_ID } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-11-27T09:00:00Z");
const minutes = (count: number) => later(NOW, count * 60_000);
const idOf = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;

describe("operations that hints ask for", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    await makeSweptSource(database.sql);
    await database.sql`
      update archon_sources set metadata = metadata || '{"last_sync_timestamp": "2026-11-27T08:00:00Z"}'`;
  });
  afterAll(() => database.close());

  const hint = async (
    count: number,
    {
      reason = "hook",
      at = minutes(-1),
      isUnplaced = false,
    }: { reason?: HintReason; at?: Date; isUnplaced?: boolean } = {},
  ) => {
    const pages = Array.from({ length: count }, (_, n) => ({
      sourceId: SOURCE_ID,
      pageId: `${n}`,
      isUnplaced,
    }));
    await addHints(database.sql, pages, { reason, atOnce: true, now: at });
  };
  const requests = async (sourceIds?: string[]) =>
    hintedRequests(database.sql, { ...(sourceIds ? { sourceIds } : {}), now: NOW, limit: 10 });
  /** An operation of the source that has ended. */
  const addEnded = async (type: "confluence_sync" | "page_sync", status: string, at: Date) => {
    const operationId = idOf(1);
    await insertOperation(database.sql, { operationId, sourceId: SOURCE_ID, type, actor: "hook", now: at });
    await database.sql`update archon_progress set status = ${status}, finished_at = ${at}`;
    await database.sql`update archon_sources set lease_operation_id = null, lease_until = null`;
  };
  const wantsCheck = async () => {
    const [row] = await database.sql`select metadata ->> 'check_wanted_since' as since from archon_sources`;
    return row?.["since"] !== null;
  };
  const start = async () => {
    const [request] = await requests();
    if (!request) throw new Error("No operation is asked for");
    return transaction(database.sql, (tx) => insertHinted(tx, request, { operationId: idOf(9), now: NOW }));
  };

  it("pages that wait are asked for by an operation of their own, now or when the first is due", async () => {
    expect(await requests()).toEqual([]);
    await hint(1);
    const asked = { type: "page_sync", sourceId: SOURCE_ID, actor: "hook", replacesHints: false };
    expect(await requests()).toEqual([{ ...asked, notBefore: null }]);
    await database.sql`update page_hints set due_at = ${minutes(1)}`;
    expect(await requests()).toEqual([{ ...asked, notBefore: minutes(1) }]);
  });

  it("operations may be asked for some sources only", async () => {
    await hint(1);
    expect(await requests([SOURCE_ID])).toHaveLength(1);
    expect(await requests(["other"])).toEqual([]);
  });

  it("more than two hundred pages are replaced by one sync, half a minute later", async () => {
    await hint(STORM_PAGES);
    expect(await requests()).toMatchObject([{ type: "page_sync" }]);
    await hint(STORM_PAGES + 1);
    expect(await requests()).toEqual([
      {
        type: "confluence_sync",
        sourceId: SOURCE_ID,
        actor: "hook",
        replacesHints: true,
        notBefore: later(NOW, 30_000),
      },
    ]);
  });

  it("pages of which nobody knows the space are never replaced by a sync", async () => {
    await hint(STORM_PAGES + 1, { isUnplaced: true });
    expect(await requests()).toMatchObject([{ type: "page_sync", replacesHints: false }]);
  });

  it("a scheduled sync that is due goes first, and replaces no hints", async () => {
    await database.sql`update archon_sources set sync_interval_minutes = 30`;
    await addEnded("confluence_sync", "completed", minutes(-29));
    await hint(1);
    expect(await requests()).toMatchObject([{ type: "page_sync" }]);
    await database.sql`update archon_progress set created_at = ${minutes(-30)}`;
    expect(await requests()).toEqual([
      { type: "confluence_sync", sourceId: SOURCE_ID, actor: "schedule", replacesHints: false },
    ]);
  });

  it.each([
    [-14, []],
    [-16, ["page_sync"]],
  ])("pages are asked for again a quarter of an hour after that failed: %i minutes", async (ago, types) => {
    await addEnded("page_sync", "failed", minutes(ago));
    await hint(1);
    expect((await requests()).map(({ type }) => type)).toEqual(types);
  });

  it("a sync that a pulse has waited for a minute goes first, once, and replaces no hints", async () => {
    const sql = database.sql;
    await sql`update archon_sources set sync_interval_minutes = 1440`;
    await sql`update confluence_sites set pulse = true`;
    await hint(STORM_PAGES + 1);
    const found = async (at: Date) => {
      await sql`delete from pulse_hits`;
      await sql`
        insert into pulse_hits (source_id, page_id, version, first_seen_at, last_seen_at)
        values (${SOURCE_ID}, '1', 2, ${at}, ${NOW})`;
      return (await requests()).map(({ type, actor, replacesHints }) => [type, actor, replacesHints]);
    };
    const storm = [["confluence_sync", "hook", true]];
    const news = [["confluence_sync", "pulse", false]];
    expect(await found(later(NOW, -59_000))).toEqual(storm);
    expect(await found(minutes(-1))).toEqual(news);
    await sql`update confluence_sites set pulse = false`;
    expect(await found(minutes(-1))).toEqual(storm);
    await sql`update confluence_sites set pulse = true`;
    await addEnded("confluence_sync", "completed", NOW);
    expect(await found(minutes(-1))).toEqual(storm);
    expect(await found(later(NOW, -59_000))).toEqual(storm);
  });

  it("no operation is asked for while the source or its site cannot be synced, or another one runs", async () => {
    await hint(1);
    const { sql } = database;
    const changes = [
      [
        sql`update confluence_sites set status = 'credentials_expired'`,
        sql`update confluence_sites set status = 'active'`,
      ],
      [
        sql`update confluence_sites set paused_until = ${minutes(1)}`,
        sql`update confluence_sites set paused_until = ${NOW}`,
      ],
      [
        sql`update archon_sources set status = 'space_unavailable'`,
        sql`update archon_sources set status = 'active'`,
      ],
      [
        sql`update archon_sources set lease_until = ${minutes(1)}`,
        sql`update archon_sources set lease_until = ${NOW}`,
      ],
    ] as const;
    for (const [change, undo] of changes) {
      await change;
      expect(await requests()).toEqual([]);
      await undo;
      expect(await requests()).toHaveLength(1);
    }
    await sql`update archon_sources set metadata = metadata - 'last_sync_timestamp'`;
    expect(await requests()).toEqual([]);
  });

  it("a sync in the place of announced pages takes their hints, and a check is wanted", async () => {
    await hint(STORM_PAGES + 1);
    await addHints(database.sql, [{ sourceId: SOURCE_ID, pageId: "unplaced", isUnplaced: true }], {
      reason: "hook",
      atOnce: true,
      now: NOW,
    });
    expect(await start()).toMatchObject({ started: true, operationId: idOf(9) });
    expect(await countHints(database.sql, SOURCE_ID)).toEqual({ all: 1, replaceable: 0 });
    expect(await wantsCheck()).toBe(true);
  });

  it("a sync in the place of pages to be rendered again needs no check, unless announcements had no room", async () => {
    await hint(STORM_PAGES + 1, { reason: "shows_gone" });
    await start();
    expect(await wantsCheck()).toBe(false);
    await database.sql`update archon_sources set lease_until = null, lease_operation_id = null`;
    await database.sql`delete from archon_progress`;
    await hint(MAX_WAITING, { reason: "shows_gone" });
    await start();
    expect(await wantsCheck()).toBe(true);
  });

  it("an operation for single pages leaves their hints until it has asked for them", async () => {
    await hint(3);
    expect(await start()).toMatchObject({ started: true });
    expect(await countHints(database.sql, SOURCE_ID)).toEqual({ all: 3, replaceable: 3 });
    expect(await wantsCheck()).toBe(false);
  });
});
