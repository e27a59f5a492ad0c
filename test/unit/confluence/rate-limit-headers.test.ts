import { describe, expect, it } from "vitest";
import { MAX_RETRY_AFTER_MS, readNearLimit, retryAfterMs } from "#shared/confluence/rate-limit-headers.ts";

const now = new Date("2026-03-04T10:00:00Z");

const wait = (headers: Record<string, string>, random = 0) =>
  retryAfterMs(
    (name) => headers[name] ?? null,
    now,
    () => random,
  );

describe("the pause after a 429", () => {
  it("the pause after a 429 is that of Retry-After in seconds", () => {
    expect(wait({ "retry-after": "7" })).toBe(7000);
  });

  it("the pause after a 429 is that of Retry-After as a date, measured by the response's own clock", () => {
    const headers = {
      date: "Wed, 04 Mar 2026 12:00:00 GMT",
      "retry-after": "Wed, 04 Mar 2026 12:00:40 GMT",
    };
    expect(wait(headers)).toBe(40_000);
  });

  it("the pause after a 429 is measured by the local clock when the response has no Date", () => {
    expect(wait({ "retry-after": "Wed, 04 Mar 2026 10:01:00 GMT" })).toBe(60_000);
  });

  it("the pause after a 429 lasts until the quota resets when Retry-After is missing", () => {
    expect(wait({ "x-ratelimit-reset": "2026-03-04T10:02:00Z" })).toBe(120_000);
    expect(wait({ "x-ratelimit-reset": "2026-03-04T10:03Z" })).toBe(180_000);
  });

  it("the pause after a 429 is half a minute when no header states it", () => {
    expect(wait({})).toBe(30_000);
  });

  it.each([
    [" 7 ", 7000],
    ["7.5", 7500],
    ["12.25", 12_250],
  ])("the pause after a 429 may be a fraction, with space around it: %j", (value, expected) => {
    expect(wait({ "retry-after": value })).toBe(expected);
  });

  it("the pause after a 429 is measured by the local clock when the response's own is none", () => {
    const headers = { date: "noon", "retry-after": "Wed, 04 Mar 2026 10:01:00 GMT" };
    expect(wait(headers)).toBe(60_000);
  });

  it.each(["soon", "", "-5", "7 apples", "x7", "1,5", "7."])(
    "the pause after a 429 is half a minute when the header is not usable: %j",
    (value) => {
      expect(wait({ "retry-after": value })).toBe(30_000);
    },
  );

  it("the pause after a 429 falls back when the date has passed", () => {
    expect(wait({ "retry-after": "Wed, 04 Mar 2026 09:00:00 GMT" })).toBe(30_000);
    expect(wait({ "retry-after": "Wed, 04 Mar 2026 10:00:00 GMT" })).toBe(30_000);
  });

  it.each(["86400", "999999999999", "Thu, 04 Mar 2027 10:00:00 GMT"])(
    "the pause after a 429 is capped: %s",
    (value) => {
      expect(wait({ "retry-after": value })).toBe(MAX_RETRY_AFTER_MS);
    },
  );

  it("the pause after a 429 is never below a second", () => {
    expect(wait({ "retry-after": "0" })).toBe(1000);
  });

  it("the pause after a 429 is spread, so that workers do not retry together", () => {
    expect(wait({ "retry-after": "8" }, 0.5)).toBe(9000);
    expect(wait({}, 0.999)).toBeLessThanOrEqual(37_500);
  });
});

describe("near the limit", () => {
  const near = (headers: Record<string, string>) => readNearLimit((name) => headers[name] ?? null);

  it("a request is near the limit while X-RateLimit-NearLimit says so, until the reset", () => {
    const headers = { "x-ratelimit-nearlimit": "true", "x-ratelimit-reset": "2026-03-04T10:02:00Z" };
    expect(near(headers)).toEqual({ resetAt: new Date("2026-03-04T10:02:00Z") });
    expect(near({ "x-ratelimit-nearlimit": "True" })).toEqual({ resetAt: null });
    expect(near({ "x-ratelimit-nearlimit": " true " })).toEqual({ resetAt: null });
  });

  it.each(["soon", "60", ""])("a reset that is no date is not known: %j", (reset) => {
    const headers = { "x-ratelimit-nearlimit": "true", "x-ratelimit-reset": reset };
    expect(near(headers)).toEqual({ resetAt: null });
  });

  it("a request is near the limit with less than a fifth left", () => {
    expect(near({ "x-ratelimit-limit": "100", "x-ratelimit-remaining": "19" })).not.toBeNull();
    expect(near({ "x-ratelimit-limit": "100", "x-ratelimit-remaining": "20" })).toBeNull();
  });

  it("a request is not near the limit without rate limit headers", () => {
    expect(near({})).toBeNull();
    expect(near({ "x-ratelimit-limit": "100" })).toBeNull();
    expect(near({ "x-ratelimit-remaining": "0" })).toBeNull();
    expect(near({ "x-ratelimit-limit": "many", "x-ratelimit-remaining": "0" })).toBeNull();
    expect(near({ "x-ratelimit-nearlimit": "false", "x-ratelimit-remaining": "3" })).toBeNull();
  });
});
