import type { Handler } from "./invoke.ts";
import type { Topology } from "./topology-types.ts";

const root = new URL("../../../", import.meta.url);

/** Imports the entry file of every function; one error names all that cannot be loaded. */
export async function loadHandlers(functions: Topology["functions"]): Promise<Map<string, Handler>> {
  const handlers = new Map<string, Handler>();
  const faults: unknown[] = [];
  for (const [name, spec] of Object.entries(functions)) {
    try {
      handlers.set(name, await load(spec.entry));
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) {
    throw new AggregateError(faults, `Functions could not be loaded: ${faults.map(String).join("; ")}`);
  }
  return handlers;
}

async function load(entry: string): Promise<Handler> {
  const module: unknown = await import(new URL(entry, root).href);
  const handler = typeof module === "object" && module && "handler" in module ? module.handler : null;
  if (!isHandler(handler)) throw new Error(`${entry} does not export a handler`);
  return handler;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === "function";
}
