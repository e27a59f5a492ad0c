import { describe, expect, it } from "vitest";
import { connectionBudget } from "#infra/constructs/connection-budget.ts";
import { parseSettings } from "#infra/constructs/settings.ts";
import { functions, queues } from "#infra/topology.ts";
import { synthesize } from "./synthesized.ts";

describe("database connections", () => {
  it("database connections are one per concurrent run: workers as their mappings allow, others as reserved", () => {
    const { total, byFunction } = connectionBudget();
    expect(byFunction["process-page"]).toBe(queues.page.maxConcurrency);
    expect(byFunction.search).toBe(functions.search.maxConcurrency);
    expect(byFunction.openapi).toBeUndefined();
    expect(total).toBe(Object.values(byFunction).reduce((sum, count) => sum + count, 0));
  });

  it("database connections stay within the default limit of the database", () => {
    expect(connectionBudget().total).toBeLessThanOrEqual(parseSettings(() => undefined).databaseConnections);
  });

  it("too many database connections are refused at synthesis", () => {
    expect(() => synthesize({ databaseConnections: 20 })).toThrow(/databaseConnections/);
    expect(() => synthesize({ databaseConnections: 20, databasePooler: "transaction" })).not.toThrow();
  });
});
