import { expect, it } from "vitest";
import { COUNTED_METRICS, ofEachMetric, type CountedMetric } from "#shared/sync-metrics.ts";
import { metricsOf, type WorkTotals } from "#shared/syncs/operations/read-metrics.ts";

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
