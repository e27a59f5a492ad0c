import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { percentDone } from "#shared/syncs/operations/progress-tracker.ts";
import { changesSince, INDEX_LAG_OVERLAP_MS } from "#shared/syncs/listing/watermark.ts";

describe("percent", () => {
  it("percent is never below its floor, never 100 before the end", () => {
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(count, count, count, fc.integer({ min: 0, max: 99 }), (done, open, unlisted, floor) => {
        const percent = percentDone({ done, open, unlisted, floor });
        expect(percent).toBeGreaterThanOrEqual(floor);
        expect(percent).toBeLessThanOrEqual(99);
      }),
    );
  });

  it("percent grows while pages are done", () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (done, open) => {
        const before = percentDone({ done, open, unlisted: 0, floor: 0 });
        expect(percentDone({ done: done + 1, open: open - 1, unlisted: 0, floor: 0 })).toBeGreaterThanOrEqual(
          before,
        );
      }),
    );
  });
});

describe("the watermark", () => {
  it("the watermark reaches back by the overlap for the index's lag", () => {
    const last = new Date("2026-03-01T12:00:00Z");
    expect(last.getTime() - changesSince(last).getTime()).toBe(INDEX_LAG_OVERLAP_MS);
  });
});
