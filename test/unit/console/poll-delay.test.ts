import { expect, it } from "vitest";
import { nextRequestIn, pollDelay } from "#infra/console/state/poll-delay.ts";

it("what can be read is read at its interval", () => {
  expect(pollDelay(1000, 0)).toBe(1000);
  expect(pollDelay(60_000, 0)).toBe(60_000);
});

it("each failure in a row doubles the wait, up to a minute", () => {
  expect([1, 2, 3, 20].map((failures) => pollDelay(1000, failures))).toEqual([2000, 4000, 8000, 60_000]);
  expect(pollDelay(300_000, 1)).toBe(300_000);
});

it("a service that says when to come back is not asked before", () => {
  expect(pollDelay(1000, 1, 30)).toBe(30_000);
  expect(pollDelay(1000, 5, 2)).toBe(32_000);
});

it("what is refused is not asked for again by itself, unlike what failed", () => {
  const failed = (status: number, retryAfter: number | null = null) => ({ status, retryAfter });
  for (const status of [400, 401, 403, 404, 405, 409, 422])
    for (const everyMs of [null, 5000]) expect(nextRequestIn(everyMs, failed(status), 1)).toBeNull();
  for (const status of [0, 408, 429, 500, 503])
    for (const everyMs of [null, 5000]) expect(nextRequestIn(everyMs, failed(status), 1)).toBe(10_000);
  expect(nextRequestIn(5000, failed(429, 30), 1)).toBe(30_000);
  expect([nextRequestIn(null, null, 0), nextRequestIn(5000, null, 0)]).toEqual([null, 5000]);
});
