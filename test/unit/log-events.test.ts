import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LOG_EVENTS } from "#shared/log-events.ts";
import { logMetrics } from "#shared/log-metrics.ts";
import { logCalls } from "#test/support/written-events.ts";

describe("log events", () => {
  const calls = logCalls();
  const written = new Set(calls.flatMap(({ events }) => events));
  const listed = new Set<string>(LOG_EVENTS);

  it("of each log call are literals, so that what is written can be read from the code", () => {
    expect(calls.length).toBeGreaterThan(40);
    expect(calls.filter(({ events }) => events.length === 0)).toEqual([]);
  });

  it("of the list are all written somewhere", () => {
    expect(LOG_EVENTS.filter((event) => !written.has(event))).toEqual([]);
  });

  it("that are written are all in the list, once", () => {
    expect([...written].filter((event) => !listed.has(event))).toEqual([]);
    expect(listed.size).toBe(LOG_EVENTS.length);
  });

  it("that metrics are made of are written", () => {
    expect(Object.keys(logMetrics).filter((event) => !written.has(event))).toEqual([]);
  });

  it("that documents filter logs by are written", () => {
    const filtered = globSync(["infra/*.md", "README.md", "test/README.md"]).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/\bevent (?:=|in) (\[[^\]]*\]|"[^"]*")/g)].flatMap(
        ([, names = ""]) => [...names.matchAll(/"([^"]+)"/g)].map(([, event = ""]) => event),
      ),
    );
    expect(filtered.length).toBeGreaterThan(4);
    expect(filtered.filter((event) => !written.has(event))).toEqual([]);
  });
});
