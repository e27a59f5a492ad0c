import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { spaceByKey } from "#infra/local/confluence-site/site.ts";
import { insertSource, requireSource } from "#shared/sources/sources.ts";
import { startDueSyncs } from "#shared/syncs/schedules/start-due.ts";
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
});
