import type { Context } from "aws-lambda";
import { expect, it } from "vitest";
import { scheduleHandler } from "#functions/runtime/schedule.ts";
import { withServices } from "#functions/runtime/services.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";

// All of a context that the handler looks at.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const context = { functionName: "sweep", getRemainingTimeInMillis: () => 1234 } as Context;

it("a scheduled job returns what it did, and knows the time that is left", async () => {
  const handler = scheduleHandler({
    needs: [],
    run: async (_services, { remainingMs }) => ({ left: remainingMs() }),
  });
  expect(await withServices({ env: parseEnv({}) }, () => handler({}, context))).toEqual({ left: 1234 });
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
  const running = withServices({ env: parseEnv({}), log }, () => handler({}, context));
  await expect(running).rejects.toBe(error);
  expect(lines).toMatchObject([{ level: "ERROR", event: "invocation.failed", function: "sweep" }]);
  expect(JSON.stringify(lines)).toContain("The database is gone");
});
