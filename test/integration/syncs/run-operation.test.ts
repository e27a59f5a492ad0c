import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import type { Step } from "#shared/syncs/operations/step.ts";
import { addWork } from "#shared/syncs/operations/work.ts";
import { makeSteppedOperation, type SteppedOperation } from "#test/support/stepped-operation.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const SECOND_MS = 1000;

let database: TestDatabase;
let stepped: SteppedOperation;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  stepped = await makeSteppedOperation(database.sql);
});
afterAll(() => database.close());

const page = (pageId: string) => ({
  pageId,
  title: "Page",
  state: "pending" as const,
  outcome: "added" as const,
  reason: "new page",
  listedVersion: 1,
});

it("an operation that has listed everything and has no work ends with its listing", async () => {
  await stepped.run(async () => "listed");
  expect(await stepped.row()).toMatchObject({
    status: "completed",
    claimed_until: null,
    listed_at: expect.any(Date),
  });
  expect(stepped.sent).toEqual([]);
});

it("steps are run until one has listed everything, each from what the one before has saved", async () => {
  const seen: unknown[] = [];
  await stepped.run(async (context) => {
    seen.push(context.operation.checkpoint);
    const counts = { pages_listed: 2 };
    await saveStep(database.sql, context, { checkpoint: { at: seen.length }, counts });
    return seen.length < 3 ? "more" : "listed";
  });
  expect(seen).toEqual([{}, { at: 1 }, { at: 2 }]);
  expect(await stepped.row()).toMatchObject({ status: "completed", counters: { pages_listed: 6 } });
});

it("each call of a client counts once, in the step that made it", async () => {
  const client = { calls: 0 };
  await stepped.run(async (context) => {
    client.calls += 2;
    await saveStep(database.sql, context, { checkpoint: {} });
    return client.calls < 6 ? "more" : "listed";
  }, client);
  expect((await stepped.row()).counters).toMatchObject({ api_calls_made: 6 });
});

it("pages that a step adds are sent at once, and an operation with open work does not end with its listing", async () => {
  let steps = 0;
  await stepped.run(async (context) => {
    steps += 1;
    if (steps === 1)
      await addWork(database.sql, context.operation, [page("1"), page("2")], stepped.world.now());
    await saveStep(database.sql, context, { checkpoint: {}, counts: {} });
    expect(stepped.sent).toEqual(steps === 1 ? [] : [["page", 0]]);
    return steps < 2 ? "more" : "listed";
  });
  expect((await stepped.row()).status).toBe("processing");
});

it("a step that counts nothing sends nothing", async () => {
  await stepped.run(async (context) => {
    await addWork(database.sql, context.operation, [page("1")], stepped.world.now());
    await saveStep(database.sql, context, { checkpoint: {} });
    return "listed";
  });
  expect(stepped.sent).toEqual([]);
});

it.each([
  { remaining: 20, steps: 0 },
  { remaining: 20.001, steps: 1 },
])(
  "with $remaining seconds left $steps steps are run, and a message continues the rest",
  async ({ remaining, steps }) => {
    let ran = 0;
    const step: Step = async () => {
      ran += 1;
      return "more";
    };
    await stepped.run(step, {}, () => (ran === 0 ? remaining * SECOND_MS : 0));
    expect(ran).toBe(steps);
    expect(await stepped.row()).toMatchObject({
      status: "listing",
      claimed_until: null,
      enqueued_at: expect.any(Date),
    });
    expect(stepped.sent).toEqual([["plan", 0]]);
  },
);

it("a step that waits is continued when its time has come", async () => {
  const notBefore = new Date(stepped.world.now().getTime() + 90 * SECOND_MS);
  await stepped.run(async () => ({ notBefore }));
  expect(await stepped.row()).toMatchObject({
    status: "listing",
    not_before: notBefore,
    enqueued_at: null,
    claimed_until: null,
  });
  expect(stepped.sent).toEqual([["plan", 90]]);
});

it("near its rate limit the site is paused for ten seconds after each step", async () => {
  let steps = 0;
  const step: Step = async () => {
    steps += 1;
    return "more";
  };
  await stepped.run(step, { isNearLimit: true });
  expect(steps).toBe(1);
  const { not_before, paused_until } = await stepped.row();
  expect([stepped.secondsUntil(not_before), stepped.secondsUntil(paused_until)]).toEqual([10, 10]);
  expect(stepped.sent).toEqual([["plan", 10]]);
});

it("while its site is paused an operation runs no step, and is continued when the pause ends", async () => {
  await database.sql`update confluence_sites set paused_until = ${new Date(stepped.world.now().getTime() + 60 * SECOND_MS)}`;
  await stepped.run(() => Promise.reject(new Error("No step is due")));
  expect(await stepped.row()).toMatchObject({ status: "listing", failures: 0 });
  expect(stepped.sent).toEqual([["plan", 60]]);
  stepped.world.pass(60 * SECOND_MS);
  await stepped.run(async () => "listed");
  expect((await stepped.row()).status).toBe("completed");
});

it.each(["deleting", "gone from the queue"])(
  "an operation whose source is %s, or that is claimed, runs no step",
  async (state) => {
    if (state === "deleting") await database.sql`update archon_sources set status = 'deleting'`;
    else await stepped.takeOver();
    await stepped.run(() => Promise.reject(new Error("No step is due")));
    expect(await stepped.row()).toMatchObject({ failures: 0, error: null });
    expect(stepped.sent).toEqual([]);
  },
);
