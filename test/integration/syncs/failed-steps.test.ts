import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import type { Step, StepContext } from "#shared/syncs/operations/step.ts";
import { makeSteppedOperation, type SteppedOperation } from "#test/support/stepped-operation.ts";
import { SOURCE_ID } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const SECOND_MS = 1000;
const MAX_ATTEMPTS = 9;

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

const fail =
  (error: Error): Step =>
  () =>
    Promise.reject(error);

it("a 429 pauses the site as long as it asks for, counts the refused calls, and is no failure", async () => {
  await stepped.run(fail(new RateLimitedError("Too many requests", 50 * SECOND_MS)), { limited: 3 });
  const { not_before, paused_until, ...found } = await stepped.row();
  expect(found).toMatchObject({
    status: "listing",
    failures: 0,
    failing: null,
    claimed_until: null,
    counters: { rate_limited_calls: 3 },
  });
  // A tenth is added, so that not all come back at once.
  expect([stepped.secondsUntil(not_before), stepped.secondsUntil(paused_until)]).toEqual([55, 55]);
  expect(stepped.sent).toEqual([["plan", 55]]);
});

it("a fault is tried again later, as the operation and the log say", async () => {
  const error = new TransientError("confluence_failed", "Confluence returned 502", {
    details: { status: 502 },
  });
  await stepped.run(fail(error));
  const { failing, not_before, ...found } = await stepped.row();
  expect(found).toMatchObject({ status: "listing", failures: 1, claimed_until: null, error: null });
  expect(stepped.secondsUntil(not_before)).toBe(30);
  expect(failing).toMatchObject({
    code: "confluence_failed",
    attempt: 1,
    max_attempts: MAX_ATTEMPTS,
    next_attempt_at: not_before.toISOString(),
  });
  expect(stepped.sent).toEqual([["plan", 30]]);
  expect(stepped.world.logged.at(-1)).toMatchObject({
    event: "operation.retrying",
    fields: {
      source_id: SOURCE_ID,
      operation_id: stepped.id,
      code: "confluence_failed",
      status: 502,
      attempt: 1,
    },
  });
});

it("a fault at the ninth attempt ends the operation", async () => {
  const error = new TransientError("timeout", "Too late");
  for (let attempt = 1; attempt < MAX_ATTEMPTS; attempt += 1) await stepped.run(fail(error));
  expect(await stepped.row()).toMatchObject({ status: "listing", failures: MAX_ATTEMPTS - 1 });
  await stepped.run(fail(error));
  expect(await stepped.row()).toMatchObject({ status: "failed", error: { code: "timeout" } });
  expect(stepped.sent).toHaveLength(MAX_ATTEMPTS - 1);
});

it("a step that succeeds ends the count of faults", async () => {
  await stepped.run(fail(new TransientError("timeout", "Too late")));
  let steps = 0;
  await stepped.run(async (context) => {
    steps += 1;
    if (steps > 1) throw new TransientError("timeout", "Too late again");
    await saveStep(database.sql, context, { checkpoint: {} });
    return "more";
  });
  expect(await stepped.row()).toMatchObject({ failures: 1, failing: { attempt: 1 } });
});

it("an operation whose workers died at one step too often is not tried again", async () => {
  await database.sql`update archon_progress set failures = 8 where operation_id = ${stepped.id}`;
  await stepped.run(
    async () => "more",
    {},
    () => 0,
  );
  expect((await stepped.row()).status).toBe("listing");
  await database.sql`update archon_progress set failures = 9 where operation_id = ${stepped.id}`;
  await stepped.run(() => Promise.reject(new Error("No step is due")));
  expect(await stepped.row()).toMatchObject({ status: "failed", error: { code: "worker_died" } });
});

const refused = (code: string, path: string) =>
  new PermanentError(code, "Confluence refuses", { details: { path, status: 403 } });

it.each(["forbidden", "not_found"])(
  "'%s' for the space itself is a space that is unavailable",
  async (code) => {
    await stepped.run(fail(refused(code, "/wiki/api/v2/spaces")));
    expect(await stepped.row()).toMatchObject({
      status: "failed",
      source_status: "space_unavailable",
      error: { code: "space_unavailable", message: expect.stringContaining("No indexed pages were deleted") },
    });
  },
);

it.each(["/wiki/api/v2/spaces/9/labels", "/wiki/rest/api/content/search"])(
  "'forbidden' for %s says nothing about the space: the step is tried again",
  async (path) => {
    await stepped.run(fail(refused("forbidden", path)));
    expect(await stepped.row()).toMatchObject({
      status: "listing",
      source_status: "active",
      failing: { code: "forbidden", message: `Confluence refuses (${path})` },
    });
    expect(stepped.world.logged.at(-1)?.fields).toMatchObject({ status: 403 });
  },
);

it("a refusal that will not change ends the operation at once", async () => {
  await stepped.run(fail(refused("request_refused", "/wiki/api/v2/spaces")));
  expect(await stepped.row()).toMatchObject({
    status: "failed",
    source_status: "active",
    error: { code: "request_refused" },
  });
  expect(stepped.sent).toEqual([]);
});

it.each(["credentials_rejected", "scope_missing", "token_undecryptable"])(
  "'%s' of a token that was replaced meanwhile is tried again with the new one",
  async (code) => {
    const step: Step = async () => {
      await database.sql`update confluence_sites set encrypted_secret = 'another'`;
      throw refused(code, "/wiki/rest/api/user/current");
    };
    await stepped.run(step);
    expect(await stepped.row()).toMatchObject({
      status: "listing",
      source_status: "active",
      failures: 1,
      failing: { code: "credentials_replaced" },
    });
    await stepped.run(fail(refused(code, "/wiki/rest/api/user/current")));
    expect(await stepped.row()).toMatchObject({ status: "failed", error: { code } });
  },
);

it("another refusal is final although the token was replaced meanwhile", async () => {
  await stepped.run(async () => {
    await database.sql`update confluence_sites set encrypted_secret = 'another'`;
    throw refused("account_changed", "/wiki/rest/api/user/current");
  });
  expect(await stepped.row()).toMatchObject({ status: "failed", error: { code: "account_changed" } });
});

it("an internal error is thrown, so that the queue repeats it, and the operation says so meanwhile", async () => {
  const error = new Error("A bug");
  await expect(stepped.run(fail(error))).rejects.toBe(error);
  const { claimed_until, failing } = await stepped.row();
  expect(failing).toMatchObject({
    code: "internal_error",
    attempt: 1,
    next_attempt_at: claimed_until.toISOString(),
  });
  expect(stepped.sent).toEqual([]);
});

it.each<[string, Error]>([
  ["a 429", new RateLimitedError("Too many requests", SECOND_MS)],
  ["a fault", new TransientError("timeout", "Too late")],
  ["a refusal", refused("request_refused", "/wiki/api/v2/spaces")],
])("after %s a worker leaves an operation alone that another one took over", async (_, error) => {
  await stepped.run(async () => {
    await stepped.takeOver();
    throw error;
  });
  expect(await stepped.row()).toMatchObject({ status: "listing", failures: 0, failing: null, error: null });
  expect(stepped.sent).toEqual([]);
});

it("a worker that cannot save its step, because another one took it over, ends quietly", async () => {
  await stepped.run(async (context: StepContext) => {
    await stepped.takeOver();
    await saveStep(database.sql, context, { checkpoint: { at: 1 } });
    return "more";
  });
  expect(await stepped.row()).toMatchObject({ status: "listing", failures: 0, checkpoint: {} });
  expect(stepped.sent).toEqual([]);
});

it.each([
  { skipped: 0, level: "info" },
  { skipped: 1, level: "warn" },
])(
  "responses that differ from their description, $skipped items of them skipped, are counted and logged at $level",
  async ({ skipped, level }) => {
    await stepped.run(fail(new TransientError("timeout", "Too late")), { drift: { answers: 2, skipped } });
    expect((await stepped.world.source()).metadata.drift).toMatchObject({
      count: 2 + skipped,
      example: "An example",
    });
    expect(stepped.world.logged.find(({ event }) => event === "confluence.drift")).toMatchObject({
      level,
      fields: { source_id: SOURCE_ID, operation_id: stepped.id, answers: 2, skipped, example: "An example" },
    });
  },
);

it("responses that are as described are not worth a log line", async () => {
  await stepped.run(async () => "listed");
  expect(stepped.world.logged.some(({ event }) => event === "confluence.drift")).toBe(false);
  expect((await stepped.world.source()).metadata.drift).toBeNull();
});
