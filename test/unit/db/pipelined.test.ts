import { describe, expect, it } from "vitest";
import { pipelined } from "#shared/db/pipelined.ts";

describe("steps of a transaction that do not wait for each other", () => {
  it("begin in their order and return what each returned", async () => {
    const begun: number[] = [];
    const step = (n: number) => async () => {
      begun.push(n);
      await Promise.resolve();
      return n;
    };
    expect(await pipelined([step(1), step(2), step(3)])).toEqual([1, 2, 3]);
    expect(begun).toEqual([1, 2, 3]);
  });

  it("fail only when all have ended, with the failure that came first", async () => {
    const { promise: later, resolve } = Promise.withResolvers<void>();
    const ended: string[] = [];
    const running = pipelined([
      async () => {
        await later;
        ended.push("the first step");
        throw new Error("current transaction is aborted");
      },
      async () => {
        throw new Error("the cause");
      },
    ]).finally(() => ended.push("all"));
    running.catch(() => {});
    await new Promise((resume) => setImmediate(resume));
    expect(ended).toEqual([]);
    resolve();
    await expect(running).rejects.toThrow("the cause");
    expect(ended).toEqual(["the first step", "all"]);
  });
});
