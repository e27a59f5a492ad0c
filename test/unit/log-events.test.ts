import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOG_EVENTS } from "#shared/log-events.ts";
import { logMetrics } from "#shared/log-metrics.ts";
import { logCalls } from "#test/support/written-events.ts";

describe("log events", () => {
  const calls = logCalls();
  const written = new Set(calls.flatMap(({ events }) => events));
  const listed = new Set<string>(LOG_EVENTS);

  it("log calls name their events as literals, so that the code shows what is written", () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.filter(({ events }) => events.length === 0)).toEqual([]);
  });

  it("all log events of the list are written somewhere", () => {
    expect(LOG_EVENTS.filter((event) => !written.has(event))).toEqual([]);
  });

  it("all written log events are in the list, once", () => {
    expect([...written].filter((event) => !listed.has(event))).toEqual([]);
    expect(listed.size).toBe(LOG_EVENTS.length);
  });

  it("all log events used by metrics are written", () => {
    expect(Object.keys(logMetrics).filter((event) => !written.has(event))).toEqual([]);
  });

  it("all log events used as filters in documents are written", () => {
    const filtered = globSync(["infra/*.md", "README.md", "test/README.md"]).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\bevent (?:=|in) (\[[^\]]*\]|"[^"]*")/g)].flatMap(
        ([, names = ""]) => [...names.matchAll(/"([^"]+)"/g)].map(([, event = ""]) => event),
      ),
    );
    expect(filtered.length).toBeGreaterThan(4);
    expect(filtered.filter((event) => !written.has(event))).toEqual([]);
  });
});
