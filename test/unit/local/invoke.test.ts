import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { makeInvoker, type Handler } from "#infra/local/runner/invoke.ts";
import { makeLog } from "#shared/log.ts";

function invokerOf(handler: Handler, timeoutSeconds = 60) {
  const lines: string[] = [];
  let ids = 0;
  const invoker = makeInvoker({
    functions: { work: { entry: "", timeoutSeconds, memoryMb: 512 } },
    handlers: new Map([["work", handler]]),
    services: {},
    log: makeLog(
      "info",
      (line) => lines.push(line),
      () => new Date(0),
    ),
    newId: () => `id-${(ids += 1)}`,
  });
  return { ...invoker, lines };
}

describe("an invocation", () => {
  it("an invocation passes the event and returns the handler's result", async () => {
    const { invoke } = invokerOf((event) => ({ event }));
    expect(await invoke("work", 7)).toEqual({ event: 7 });
  });

  it("an invocation has its own context, whose remaining time counts down from the function's timeout", async () => {
    const contexts: { id: string; first: number; later: number }[] = [];
    const { invoke } = invokerOf(async (_event, context: Context) => {
      const first = context.getRemainingTimeInMillis();
      await delay(20);
      contexts.push({ id: context.awsRequestId, first, later: context.getRemainingTimeInMillis() });
    });
    await invoke("work", null);
    await invoke("work", null);
    expect(contexts.map((context) => context.id)).toEqual(["id-1", "id-2"]);
    for (const { first, later } of contexts) {
      expect(first).toBeGreaterThan(59_000);
      expect(first).toBeLessThanOrEqual(60_000);
      expect(first - later).toBeGreaterThanOrEqual(15);
    }
  });

  it("an invocation fails with the handler's error, which is logged with the function's name", async () => {
    const { invoke, lines } = invokerOf(() => {
      throw new Error("no");
    });
    await expect(invoke("work", null)).rejects.toThrow("no");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ event: "invocation.failed", function: "work", aws_request_id: "id-1" }),
    ]);
  });

  it("an invocation fails at the function's timeout, and is still waited for", async () => {
    const finish = Promise.withResolvers<void>();
    const { invoke, settle } = invokerOf(() => finish.promise, 0.02);
    await expect(invoke("work", null)).rejects.toThrow("work: Task timed out after 0.02 seconds");
    expect(await settle(1)).toBe(1);
    finish.resolve();
    expect(await settle(1000)).toBe(0);
  });

  it("an invocation fails for a name that is not in the topology", async () => {
    await expect(invokerOf(() => null).invoke("other", null)).rejects.toThrow('Function "other" not found');
  });
});
