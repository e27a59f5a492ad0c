import { describe, expect, it } from "vitest";
import { connectionBudget } from "#infra/constructs/connection-budget.ts";
import { parseSettings } from "#infra/constructs/settings.ts";
import { functions, queues } from "#infra/topology.ts";
import { synthesize } from "./synthesized.ts";

describe("database connections", () => {
  it("are one for each run at the same time: workers as their mappings allow, others as reserved", () => {
    const { total, byFunction } = connectionBudget();
    expect(byFunction["process-page"]).toBe(queues.page.maxConcurrency);
    expect(byFunction.search).toBe(functions.search.maxConcurrency);
    expect(byFunction.openapi).toBeUndefined();
    expect(total).toBe(Object.values(byFunction).reduce((sum, count) => sum + count, 0));
  });

  it("stay within what the database gives by default", () => {
    expect(connectionBudget().total).toBeLessThanOrEqual(parseSettings(() => undefined).databaseConnections);
  });

  it("are refused at synthesis when the database gives fewer", () => {
    expect(() => synthesize({ databaseConnections: 20 })).toThrow(/databaseConnections/);
    expect(() => synthesize({ databaseConnections: 20, databasePooler: "transaction" })).not.toThrow();
  });
});
