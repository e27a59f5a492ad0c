import type { Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { handler as sweep } from "#functions/sync/sweep.ts";
import { withServices } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;
const context = { functionName: "sweep", getRemainingTimeInMillis: () => 60_000 } as unknown as Context;

describe("retention", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 1 });
  });
  afterAll(() => database.close());

  const sweepWith = (variables: Record<string, string>) =>
    withServices({ ...world.services(null), env: parseEnv(variables) }, () =>
      Promise.resolve(sweep({}, context)),
    );
  const operations = async () => {
    const { operations: listed } = (await world.api("GET", "/api/progress", { query: { running: "false" } }))
      .body;
    return listed.map((operation: { operation_id: string }) => operation.operation_id);
  };
  const source = async () => (await world.api("GET", `/api/confluence/${SOURCE_ID}`)).body;

  it.each([
    ["90 days by default", {}, 90],
    ["as many days as OPERATION_RETENTION_DAYS says", { OPERATION_RETENTION_DAYS: "3" }, 3],
  ])("ended operations stay in the list for %s", async (_, variables, days) => {
    const first = await world.sync();
    const second = await world.sync();
    world.pass(days * DAY_MS - 60_000);
    await sweepWith(variables);
    expect(await operations()).toEqual([second.operation_id, first.operation_id]);
    world.pass(2 * 60_000);
    await sweepWith(variables);
    expect(await operations()).toEqual([second.operation_id]);
  });

  it("syncs of single pages go with the others, however many hooks ask for", async () => {
    await world.sync();
    const path = `/api/confluence/${SOURCE_ID}/pages/${world.page("Page 1").id}/sync`;
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { body } = await world.api("POST", path);
      ids.push((await world.ended(body.operation_id)).operation_id);
    }
    expect(await operations()).toEqual(expect.arrayContaining(ids));
    world.pass(91 * DAY_MS);
    await sweepWith({});
    expect((await operations()).filter((id: string) => ids.includes(id))).toEqual([ids[2]]);
  });

  it("the last sync and the last deletion check of a source stay whatever their age", async () => {
    await world.check();
    const check = await world.check();
    const dryRun = await world.sync({ dryRun: true });
    const sync = await world.sync();
    const later = await world.sync({ dryRun: true });
    expect(await operations()).toContain(dryRun.operation_id);
    const before = await source();
    world.pass(300 * DAY_MS);
    await sweepWith({ OPERATION_RETENTION_DAYS: "1" });
    expect(await operations()).toEqual([sync.operation_id, check.operation_id]);
    expect(await operations()).not.toContain(later.operation_id);
    expect(await source()).toMatchObject({ last_sync: before.last_sync, sync_status: "completed" });
  });

  it("events stay in the outbox for EVENT_RETENTION_DAYS after they were sent", async () => {
    await world.sync();
    await world.minute();
    const events = async () =>
      (await database.sql`select from event_outbox where sent_at is not null`).length;
    expect(await events()).toBe(1);
    world.pass(2 * DAY_MS - 2 * 60_000);
    await sweepWith({ EVENT_RETENTION_DAYS: "2" });
    expect(await events()).toBe(1);
    world.pass(2 * 60_000);
    await sweepWith({ EVENT_RETENTION_DAYS: "2" });
    expect(await events()).toBe(0);
  });

  it.each([
    ["7 days by default", {}, 7],
    ["as many days as CHANGE_RETENTION_DAYS says", { CHANGE_RETENTION_DAYS: "12" }, 12],
  ])("what an ended operation changed is listed for %s", async (_, variables, days) => {
    const { operation_id: id } = await world.sync();
    const changes = async () => (await world.api("GET", `/api/progress/${id}/changes`)).body.changes.length;
    world.pass(days * DAY_MS - 60_000);
    await sweepWith(variables);
    expect(await changes()).toBe(1);
    world.pass(2 * 60_000);
    await sweepWith(variables);
    expect(await changes()).toBe(0);
    expect(await operations()).toEqual([id]);
  });

  it.each(["0", "-1", "1.5", "ninety", "10000"])(
    "a retention of %s days is rejected with the accepted values",
    (days) => {
      expect(() =>
        parseEnv({ OPERATION_RETENTION_DAYS: days, CHANGE_RETENTION_DAYS: days, EVENT_RETENTION_DAYS: days }),
      ).toThrow(
        /OPERATION_RETENTION_DAYS: must be a whole number of days from 1 to 9999; CHANGE_RETENTION_DAYS: .*; EVENT_RETENTION_DAYS: must be/,
      );
    },
  );
});
