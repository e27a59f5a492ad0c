import { expect, it } from "vitest";
import { CHECK_INTERVAL_MS, lastTick, tickOfCheck } from "#shared/syncs/schedules/weekly-check.ts";

it.each([
  ["2026-03-02T02:59:59.999Z", "2026-03-01T03:00:00.000Z", "2026-03-02T03:00:00.000Z"],
  ["2026-03-02T03:00:00.000Z", "2026-03-02T03:00:00.000Z", "2026-03-02T03:00:00.000Z"],
  ["2026-03-02T03:00:00.001Z", "2026-03-02T03:00:00.000Z", "2026-03-03T03:00:00.000Z"],
  ["2026-12-31T23:00:00.000Z", "2026-12-31T03:00:00.000Z", "2027-01-01T03:00:00.000Z"],
])("at %s the last daily tick was at %s, and a check due then starts at %s", (at, last, next) => {
  expect(lastTick(new Date(at)).toISOString()).toBe(last);
  expect(tickOfCheck(new Date(at)).toISOString()).toBe(next);
});

it("a check is due seven days after the tick of the last one, at a tick again", () => {
  const tick = new Date("2026-03-02T03:00:00Z");
  const due = new Date(tick.getTime() + CHECK_INTERVAL_MS);
  expect(due.toISOString()).toBe("2026-03-09T03:00:00.000Z");
  expect(tickOfCheck(due)).toEqual(due);
});
