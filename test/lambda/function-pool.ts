import type { DeployedFunction } from "./deployed-functions.ts";
import { startExecutionEnvironment, type ExecutionEnvironment } from "./execution-environment.ts";

export type FunctionPool = {
  invoke: (event: unknown) => Promise<unknown>;
  /** Of each environment that was started: its initialisation, and its first invocation. */
  coldStarts: { initMs: number; firstMs: number }[];
  succeeded: () => number;
  stop: () => Promise<void>;
};

/** Runs a function as Lambda does: an environment takes one event at a time; when none is free another is started. */
export function makeFunctionPool(
  deployed: DeployedFunction,
  options: Parameters<typeof startExecutionEnvironment>[1],
): FunctionPool {
  const idle: ExecutionEnvironment[] = [];
  const all: ExecutionEnvironment[] = [];
  const coldStarts: FunctionPool["coldStarts"] = [];
  let succeeded = 0;
  const start = async () => {
    const environment = await startExecutionEnvironment(deployed, options);
    all.push(environment);
    return environment;
  };
  return {
    coldStarts,
    succeeded: () => succeeded,
    invoke: async (event) => {
      const warm = idle.pop();
      const environment = warm ?? (await start());
      const began = performance.now();
      const answer = await environment.invoke(event);
      if (!warm) coldStarts.push({ initMs: environment.initMs, firstMs: performance.now() - began });
      succeeded += 1;
      idle.push(environment);
      return answer;
    },
    stop: async () => {
      await Promise.all(all.map((environment) => environment.stop()));
    },
  };
}
