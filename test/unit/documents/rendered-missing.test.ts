import { expect, it } from "vitest";
import { isRenderingDue, renderingFailed } from "#shared/documents/rendered-missing.ts";
import { NOW } from "#test/support/stored-pages.ts";

const HOUR_MS = 3_600_000;
const later = (hours: number, milliseconds = 0) => new Date(NOW.getTime() + hours * HOUR_MS + milliseconds);
const failed = (attempts: number, at = NOW) =>
  renderingFailed(
    { code: "slow", message: "too\u0000 slow" },
    attempts === 1
      ? null
      : { code: "other", message: "", attempts: attempts - 1, next_attempt_at: NOW.toISOString() },
    at,
  );

it.each([
  [1, 1],
  [2, 4],
  [3, 24],
  [4, 7 * 24],
  [5, 7 * 24],
  [100, 7 * 24],
])("after attempt %i, rendering is tried again in %i hours", (attempts, hours) => {
  const missing = failed(attempts);
  expect(missing).toEqual({
    code: "slow",
    message: "too slow",
    attempts,
    next_attempt_at: later(hours).toISOString(),
  });
  expect(isRenderingDue(missing, later(hours, -1))).toBe(false);
  expect(isRenderingDue(missing, later(hours))).toBe(true);
});

it("a page that is rendered is never due", () => {
  expect(isRenderingDue(null, NOW)).toBe(false);
});
