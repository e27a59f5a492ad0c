import { describe, expect, it } from "vitest";
import { COUNTED_METRICS, ofEachMetric, type CountedMetric } from "#shared/sync-metrics.ts";
import { metricsOf, type MeasuredOperation, type WorkTotals } from "#shared/syncs/operations/read-metrics.ts";

const at = new Date("2026-03-01T10:00:00Z");
const OPERATION = { started_at: at, finished_at: null, updated_at: at };
const NO_WORK: WorkTotals = { ...ofEachMetric(() => 0), open: 0, done: 0, last_work_at: null };

it.each(Object.keys(COUNTED_METRICS) as CountedMetric[])(
  "the metric %s is what the work counts and what the operation counts aside",
  (name) => {
    const metrics = metricsOf({ ...OPERATION, counters: { [name]: 7 } }, { ...NO_WORK, [name]: 2 });
    expect(metrics).toMatchObject({ ...ofEachMetric(() => 0), [name]: 9 });
  },
);

describe("how long an operation took", () => {
  const after = (seconds: number) => new Date(at.getTime() + seconds * 1000);
  const tookMs = (operation: Partial<MeasuredOperation>, work: Partial<WorkTotals> = {}) =>
    metricsOf({ ...OPERATION, counters: {}, ...operation }, { ...NO_WORK, ...work }).duration_ms;

  it("an operation that has not started took no time", () => {
    expect(tookMs({ started_at: null, finished_at: after(9) })).toBe(0);
  });

  it("an operation takes time until its last work, or while there is none until its last step", () => {
    expect(tookMs({ updated_at: after(60) })).toBe(60_000);
    expect(tookMs({ updated_at: after(60) }, { last_work_at: after(20) })).toBe(20_000);
  });

  it("an operation that has ended took the time until its end", () => {
    expect(tookMs({ finished_at: after(90) }, { last_work_at: after(20) })).toBe(90_000);
  });

  it("an operation takes no negative time where clocks differ", () => {
    expect(tookMs({ updated_at: after(-3) })).toBe(0);
  });

  it("seconds are given to the millisecond", () => {
    const counters = {};
    const metrics = metricsOf({ ...OPERATION, counters, updated_at: new Date(at.getTime() + 1234) }, NO_WORK);
    expect(metrics).toMatchObject({ duration_ms: 1234, duration: 1.234 });
  });

  it("the metrics of an operation that has ended stay as they were saved, whatever becomes of its work", () => {
    const counters = { duration_ms: 5000, pages_added: 7 };
    const work = { ...NO_WORK, pages_added: 2, last_work_at: after(99) };
    expect(metricsOf({ ...OPERATION, counters, finished_at: after(9) }, work)).toMatchObject({
      pages_added: 7,
      pages_updated: 0,
      duration: 5,
      duration_ms: 5000,
    });
  });

  it("an operation that ended before metrics were saved is counted from its work", () => {
    expect(
      metricsOf(
        { ...OPERATION, counters: { pages_added: 1 }, finished_at: after(9) },
        { ...NO_WORK, pages_added: 2 },
      ),
    ).toMatchObject({ pages_added: 3, duration_ms: 9000 });
  });
});
