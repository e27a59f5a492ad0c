import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Json } from "#shared/db/connect.ts";
import { UNAVAILABLE_RETRY_HOURS } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import { dueChecks } from "#shared/syncs/schedules/due-checks.ts";
import { wantCheck } from "#shared/syncs/schedules/want-check.ts";
import { CHECK_INTERVAL_MS } from "#shared/syncs/schedules/weekly-check.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const TICK = new Date("2026-03-11T03:00:00Z");
const HOUR_MS = 60 * 60_000;
/** Minutes after the tick, when a source that was busy then has its turn. */
const CLOCK = later(TICK, 10 * 60_000);

describe("deletion checks that are due", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => database.clear());
  afterAll(() => database.close());

  /** A source that was synced, by default with the weekly strategy and a check of a week ago. */
  const add = async (sourceId: string, metadata: Record<string, Json> = {}) => {
    await addSource(database.sql, fakeEmbedder(), { sourceId });
    const all = {
      sync_metrics: {},
      last_deletion_check: later(TICK, -CHECK_INTERVAL_MS).toISOString(),
      ...metadata,
    };
    await database.sql`
      update archon_sources set metadata = metadata || ${database.sql.json(all)} where source_id = ${sourceId}`;
  };
  const onDemand = { deletion_strategy: "on_demand" };
  const due = async (options: { sourceIds?: string[]; now?: Date } = {}) => {
    const requests = await dueChecks(database.sql, { tick: TICK, now: CLOCK, ...options });
    return requests.map(({ sourceId, actor }) => `${sourceId} ${actor}`);
  };
  const addCheck = (sourceId: string, finishedAt: Date | null, actor = "hook") => database.sql`
    insert into archon_progress (operation_id, source_id, operation_type, status, actor, created_at, finished_at, updated_at)
    values (gen_random_uuid(), ${sourceId}, 'deletion_check', 'completed', ${actor}, ${later(CLOCK, -2 * HOUR_MS)}, ${finishedAt}, ${CLOCK})`;

  it("a weekly check is due at the tick a week after the one of the last", async () => {
    await add("a-week-ago");
    await add("less", { last_deletion_check: later(TICK, -CHECK_INTERVAL_MS + 1).toISOString() });
    expect(await dueChecks(database.sql, { tick: TICK, now: CLOCK })).toEqual([
      { type: "deletion_check", sourceId: "a-week-ago", actor: "schedule", tick: TICK },
    ]);
  });

  it("the first weekly check of a source is due at the first tick after it was made", async () => {
    await add("before", { last_deletion_check: null });
    await add("after", { last_deletion_check: null });
    await database.sql`update archon_sources set created_at = ${TICK} where source_id = 'before'`;
    await database.sql`update archon_sources set created_at = ${later(TICK, 1)} where source_id = 'after'`;
    expect(await due()).toEqual(["before schedule"]);
  });

  it("a check of some sources only leaves the others to their turn", async () => {
    for (const id of ["one", "three", "two"]) await add(id);
    expect(await due({ sourceIds: ["three", "two"] })).toEqual(["three schedule", "two schedule"]);
    expect(await due({ sourceIds: [] })).toEqual([]);
    expect(await due()).toHaveLength(3);
  });

  it("a check that is wanted is due whatever the source's strategy, and is the hook's", async () => {
    await add("asks", onDemand);
    await add("rests", onDemand);
    expect(await due()).toEqual([]);
    await wantCheck(database.sql, "asks", CLOCK);
    expect(await dueChecks(database.sql, { tick: TICK, now: CLOCK })).toEqual([
      { type: "deletion_check", sourceId: "asks", actor: "hook" },
    ]);
  });

  it("a wanted check waits an hour after the end of the last, and for one that has not ended", async () => {
    await add("asks", onDemand);
    await wantCheck(database.sql, "asks", CLOCK);
    await addCheck("asks", CLOCK);
    expect(await due({ now: later(CLOCK, HOUR_MS - 1) })).toEqual([]);
    expect(await due({ now: later(CLOCK, HOUR_MS) })).toEqual(["asks hook"]);
  });

  it("a weekly check is due although one was wanted just before, and is the schedule's", async () => {
    await add("both");
    await wantCheck(database.sql, "both", CLOCK);
    await addCheck("both", CLOCK);
    expect(await due()).toEqual(["both schedule"]);
  });

  it("a weekly check that was started since the tick is not due again before the next", async () => {
    await add("failed");
    await addCheck("failed", CLOCK, "schedule");
    expect(await due()).toEqual(["failed schedule"]);
    await database.sql`update archon_progress set created_at = ${TICK}`;
    expect(await due()).toEqual([]);
  });

  it("a space that is out of sight is checked again at the first tick after so many hours", async () => {
    await add("gone");
    const since = later(TICK, -UNAVAILABLE_RETRY_HOURS * HOUR_MS);
    await database.sql`update archon_sources set status = 'space_unavailable', updated_at = ${since}`;
    expect(await due()).toEqual(["gone schedule"]);
    await database.sql`update archon_sources set updated_at = ${later(since, 1)}`;
    expect(await due()).toEqual([]);
  });

  it("a source that an operation holds is checked when its lease has ended", async () => {
    await add("busy");
    await database.sql`update archon_sources set lease_until = ${later(CLOCK, 1)}`;
    expect(await due()).toEqual([]);
    expect(await due({ now: later(CLOCK, 1) })).toEqual(["busy schedule"]);
  });
});
