import { describe, expect, it } from "vitest";
import {
  bytes,
  counted,
  dollars,
  duration,
  every,
  relative,
  sentence,
  webAddress,
  withLocalTimes,
  words,
} from "#infra/console/parts/format.ts";

const now = new Date("2026-03-01T12:00:00Z");
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("what the console writes", () => {
  it.each([
    [400, "0.4 s"],
    [12 * SECOND, "12 s"],
    [90 * SECOND, "1 min 30 s"],
    [12 * MINUTE + 40 * SECOND, "12 min"],
    [3 * HOUR + 5 * MINUTE, "3 h 5 min"],
    [2 * DAY, "2 d"],
    [3 * DAY + 4 * HOUR, "3 d 4 h"],
  ])("%d ms are %s", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it("says how long ago, or in what time", () => {
    const at = (ms: number) => relative(new Date(now.getTime() + ms), now);
    expect([at(-1), at(-9 * SECOND), at(-59 * SECOND), at(-90 * SECOND), at(HOUR), at(-30 * DAY)]).toEqual([
      "just now",
      "9 s ago",
      "59 s ago",
      "1 min ago",
      "in 1 h",
      "30 d ago",
    ]);
  });

  it("says one and many, and sizes", () => {
    expect([counted(1, "page"), counted(1234, "page"), counted(0, "copy", "copies")]).toEqual([
      "1 page",
      "1,234 pages",
      "0 copies",
    ]);
    expect([bytes(999), bytes(1500), bytes(3_400_000)]).toEqual(["999 B", "1.5 kB", "3.4 MB"]);
    expect(words("completed_with_errors")).toBe("completed with errors");
  });

  it("small amounts are not rounded to nothing, and no price is not zero", () => {
    expect([0, 0.00001, 0.0123, 1.5, null].map(dollars)).toEqual([
      "$0",
      "< $0.0001",
      "$0.012",
      "$1.50",
      "unknown",
    ]);
  });

  it("messages are sentences, and their instants times of the day here", () => {
    expect(["it failed", "Is it there?", "https://acme.example responds"].map(sentence)).toEqual([
      "It failed.",
      "Is it there?",
      "https://acme.example responds.",
    ]);
    const text = withLocalTimes("the next attempt is at 2026-03-01T12:00:05.123Z, once");
    expect(text).toMatch(/^the next attempt is at \d\d:\d\d:05, once$/);
    expect([DAY, HOUR, 2 * DAY, 15 * MINUTE].map(every)).toEqual([
      "every day",
      "every hour",
      "every 2 d",
      "every 15 min",
    ]);
  });

  it("only web addresses become links", () => {
    expect(webAddress("https://acme.atlassian.net/wiki/x")).toBe("https://acme.atlassian.net/wiki/x");
    for (const url of [
      "javascript:alert(1)",
      "JAVASCRIPT:alert(1)",
      " data:text/html,x",
      "/wiki",
      "",
      "vbscript:x",
    ])
      expect(webAddress(url)).toBeNull();
  });
});
