import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PermanentError, RateLimitedError } from "#shared/errors.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { addMissingSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { later } from "#shared/syncs/later.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { needsSweep, sweepInline } from "#shared/syncs/rights/sweep-inline.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** Another worker looks again so much later. */
const WAIT_MS = 5000;

describe("the first sweep of rights within a sync", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  let sync: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    world.add("P");
    sync = await world.startSync();
  });
  afterAll(() => database.close());

  /** One invocation of the sync that does this. */
  const inSync = async <T>(
    run: (context: StepContext) => Promise<T>,
    change: Partial<ConfluenceClient> = {},
  ): Promise<T | undefined> => {
    const { outside } = world;
    let result: T | undefined;
    const step = async (context: StepContext) => {
      result = await run(context);
      return { notBefore: world.now() };
    };
    const confluence: typeof outside.confluence = (access) => ({ ...outside.confluence(access), ...change });
    await runOperation(sync, step, { ...outside, confluence }, { remainingMs: () => 60_000 });
    return result;
  };
  /** All of it; whether the sync needs a sweep afterwards. */
  const sweepAll = async (context: StepContext) => {
    let steps = 0;
    while ((await sweepInline(context)) === "more") steps += 1;
    return [steps > 1, needsSweep(context)];
  };
  const groups = async () => (await database.sql`select from directory_groups`).length;

  it("is read step by step before any content, and the directory with it", async () => {
    expect(await inSync(sweepAll)).toEqual([true, false]);
    expect(await groups()).toBeGreaterThan(0);
    expect(await world.finds("u")).toEqual([]);
    await world.ended(sync);
    expect(await world.finds("u")).toEqual(["P"]);
  });

  it("reads no directory for a source that shows what everybody may see", async () => {
    await database.sql`update archon_sources set access = 'unrestricted'`;
    expect(await inSync(sweepAll)).toEqual([true, false]);
    expect(await groups()).toBe(0);
  });

  it("is waited for where another worker has it", async () => {
    await addMissingSweeps(database.sql, world.now());
    await database.sql`update access_sweeps set claimed_until = ${later(world.now(), 60_000)}`;
    const result = await inSync(async (context) => [await sweepInline(context), world.now()]);
    const [waits, now] = result as [{ notBefore: Date }, Date];
    expect(waits.notBefore.getTime() - now.getTime()).toBeLessThanOrEqual(WAIT_MS);
    expect(waits.notBefore.getTime()).toBeGreaterThan(now.getTime());
  });

  it("stops no content when it fails, which nobody sees until a later one is complete", async () => {
    const fails = async () => {
      throw new PermanentError("forbidden", "no");
    };
    expect(await inSync(sweepInline, { spaceReaders: fails })).toBe("done");
    // It is not due again yet, and nobody has it: the sync goes on.
    expect(await inSync(sweepInline)).toBe("done");
    await world.ended(sync);
    expect(await world.find("P")).not.toEqual([]);
    expect(await world.finds("u")).toEqual([]);
  });

  it("leaves a limit to the sync, which waits for it", async () => {
    const limited = async () => {
      throw new RateLimitedError("429", 60_000);
    };
    expect(await inSync(sweepInline, { spaceReaders: limited })).toBeUndefined();
    expect((await world.progress(sync)).finished_at).toBeNull();
    const [row] = await database.sql`select claimed_until from access_sweeps`;
    expect(row?.["claimed_until"]).toBeNull();
    await world.ended(sync);
    expect(await world.finds("u")).toEqual(["P"]);
  });

  it.each([
    ["carries over rights that were never read", { access: "per_user", accessVerifiedAt: null }, false, true],
    ["is a trial", { access: "per_user", accessVerifiedAt: null }, true, false],
    ["shows everything", { access: "everything", accessVerifiedAt: null }, false, false],
    ["has read its rights", { access: "per_user", accessVerifiedAt: new Date(0) }, false, false],
  ] as const)("is needed or not: a sync of a source that %s", async (_, source, dryRun, expected) => {
    const needed = await inSync(async (context) =>
      needsSweep({
        ...context,
        source: { ...context.source, ...source },
        operation: { ...context.operation, dryRun },
      }),
    );
    expect(needed).toBe(expected);
  });
});
