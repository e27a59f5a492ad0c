import type { Context } from "aws-lambda";
import { afterEach, expect, it, vi } from "vitest";
import { scheduleHandler } from "#functions/runtime/schedule.ts";
import { resolveServices, withServices } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

// All of a context that the handler looks at.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const context = (awsRequestId: string) =>
  ({ functionName: "sweep", awsRequestId, getRemainingTimeInMillis: () => 1234 }) as Context;

afterEach(() => {
  vi.restoreAllMocks();
});

it("a scheduled job returns what it did, and knows the time that is left", async () => {
  const handler = scheduleHandler({
    needs: [],
    run: async (_services, { remainingMs }) => ({ left: remainingMs() }),
  });
  expect(await withServices({ env: parseEnv({}) }, () => handler({}, context("r1")))).toEqual({ left: 1234 });
});

it("a scheduled job that fails is logged and throws, so that Lambda retries it", async () => {
  const lines: Record<string, unknown>[] = [];
  const log = makeLog(
    "info",
    (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    () => new Date(0),
  );
  const error = new Error("The database is gone");
  const handler = scheduleHandler({
    needs: [],
    run: async () => {
      throw error;
    },
  });
  const running = withServices({ env: parseEnv({}), log }, () => handler({}, context("r1")));
  await expect(running).rejects.toBe(error);
  expect(lines).toMatchObject([{ level: "ERROR", event: "invocation.failed", function: "sweep" }]);
  expect(JSON.stringify(lines)).toContain("The database is gone");
});

it("the log lines of a function name the invocation that they belong to", async () => {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const handler = scheduleHandler({
    needs: [],
    run: async ({ log }) => {
      log.info("sweep.finished", {});
    },
  });
  for (const id of ["first-invocation", "second-invocation"]) await handler({}, context(id));
  const lines = written.filter((line) => line.includes("sweep.finished"));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("first-invocation");
  expect(lines[1]).toContain("second-invocation");
  expect(lines[1]).not.toContain("first-invocation");
});

it("services that are not given are the machine's clock, ids and randomness", async () => {
  const { now, newId, random } = await withServices({ env: parseEnv({}) }, () => resolveServices([]));
  const before = Date.now();
  expect(now().getTime()).toBeGreaterThanOrEqual(before);
  expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(newId()).not.toBe(newId());
  expect(random()).not.toBe(random());
});
