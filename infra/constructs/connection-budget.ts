import { functions, queues, type FunctionSpec } from "#infra/topology.ts";
import type { Settings } from "./settings.ts";

/** One function handles one event at a time over one connection, so its concurrent runs are its connections. */
export function connectionBudget(): { total: number; byFunction: Record<string, number> } {
  const byFunction: Record<string, number> = {};
  for (const [name, spec] of Object.entries<FunctionSpec>(functions)) {
    if (!spec.access.includes("database")) continue;
    const queue = Object.values(queues).find(({ worker }) => worker === name);
    // A worker may also be run by its schedule and by hand, in practice once each at most.
    byFunction[name] = queue ? queue.maxConcurrency : (spec.maxConcurrency ?? 1);
  }
  const total = Object.values(byFunction).reduce((sum, count) => sum + count, 0);
  return { total, byFunction };
}

/** Throws when all functions at their limits need more connections than the database has; a pooler shares them. */
export function assertConnectionsSuffice(settings: Settings): void {
  const { total } = connectionBudget();
  if (settings.databasePooler === "transaction" || total <= settings.databaseConnections) return;
  throw new Error(
    `All functions at their limits need ${total} database connections, and databaseConnections is ${settings.databaseConnections}. ` +
      "Use a transaction pooler (databasePooler=transaction), or lower maxConcurrency in infra/topology.ts",
  );
}
