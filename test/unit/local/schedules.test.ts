import { Cron } from "croner";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cronPattern, scheduledEvent, startSchedules } from "#infra/local/runner/schedules.ts";
import { schedules } from "#infra/schedules.ts";
import { tickOfCheck } from "#shared/syncs/schedules/weekly-check.ts";

const after = (pattern: string, start: string, count: number) =>
  new Cron(pattern, { timezone: "UTC" }).nextRuns(count, new Date(start)).map((run) => run.toISOString());

describe("a schedule's pattern", () => {
  it("a schedule's pattern runs at each multiple of its minutes", () => {
    expect(after(cronPattern({ minutes: 15 }), "2026-03-29T00:50:00Z", 3)).toEqual([
      "2026-03-29T01:00:00.000Z",
      "2026-03-29T01:15:00.000Z",
      "2026-03-29T01:30:00.000Z",
    ]);
    expect(after(cronPattern({ minutes: 60 }), "2026-03-29T00:50:00Z", 1)).toEqual([
      "2026-03-29T01:00:00.000Z",
    ]);
  });

  it("a schedule's pattern runs daily in UTC, when clocks change too", () => {
    expect(after(cronPattern({ dailyAt: { hour: 3, minute: 5 } }), "2026-03-28T04:00:00Z", 2)).toEqual([
      "2026-03-29T03:05:00.000Z",
      "2026-03-30T03:05:00.000Z",
    ]);
  });

  it("a schedule's pattern is refused when minutes do not divide an hour", () => {
    expect(() => cronPattern({ minutes: 45 })).toThrow(/must divide 60/);
  });

  it("every schedule of the topology has a pattern", () => {
    for (const { every } of Object.values(schedules)) {
      expect(after(cronPattern(every), "2026-01-01T00:00:00Z", 1)).toHaveLength(1);
    }
  });
});

it.each(["2026-03-28T02:59:59.999Z", "2026-03-28T03:00:00.001Z", "2026-12-31T23:00:00Z"])(
  "a deletion check that is due at %s is announced for the next run of the schedule that starts it",
  (due) => {
    const next = after(cronPattern(schedules["weekly-deletion-check"].every), due, 1);
    expect([tickOfCheck(new Date(due)).toISOString()]).toEqual(next);
  },
);

it("a deletion check that is due exactly at a run of its schedule is announced for that run", () => {
  const [run] = after(cronPattern(schedules["weekly-deletion-check"].every), "2026-03-28T04:00:00Z", 1);
  expect(tickOfCheck(new Date(run ?? 0)).toISOString()).toBe(run);
});

describe("a scheduled event", () => {
  it("a scheduled event has the shape that EventBridge sends", () => {
    expect(scheduledEvent("sweep", "id-1", new Date("2026-01-01T00:01:00.123Z"))).toEqual({
      version: "0",
      id: "id-1",
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "000000000000",
      time: "2026-01-01T00:01:00Z",
      region: "us-east-1",
      resources: ["arn:aws:events:us-east-1:000000000000:rule/sweep"],
      detail: {},
    });
  });
});

describe("running schedules", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date("2026-01-01T00:00:30Z") });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const everyMinute = { function: "sweep", every: { minutes: 1 }, description: "" };
  const start = (run: (name: string, event: unknown) => Promise<void>) =>
    startSchedules({
      schedules: { minute: everyMinute },
      invoke: run,
      now: () => new Date(),
      newId: () => "id",
    });

  it("running schedules invoke their function at their time, until they are stopped", async () => {
    const invoked: unknown[] = [];
    const running = start(async (name, event) => void invoked.push([name, event]));
    await vi.advanceTimersByTimeAsync(29_000);
    expect(invoked).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(invoked).toEqual([["sweep", expect.objectContaining({ time: "2026-01-01T00:01:00Z" })]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(invoked).toHaveLength(2);
    running.stop();
    await vi.advanceTimersByTimeAsync(180_000);
    expect(invoked).toHaveLength(2);
  });

  it("schedules continue after a failed run, and do not start a second run while one is running", async () => {
    const first = Promise.withResolvers<void>();
    let runs = 0;
    const running = start(async () => {
      runs += 1;
      if (runs === 1) await first.promise;
    });
    await vi.advanceTimersByTimeAsync(121_000);
    expect(runs).toBe(1);
    first.reject(new Error("no"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(runs).toBe(2);
    running.stop();
  });
});
