import type { Schedule } from "#infra/schedules.ts";
import type { FunctionSpec, QueueSpec } from "#infra/topology.ts";
import type { Route } from "#infra/routes.ts";

/** The runner's topology: the real topology's shape with any names, so that a test can pass a smaller one. */
export type Topology = {
  functions: Record<string, Pick<FunctionSpec, "entry" | "timeoutSeconds" | "memoryMb">>;
  queues: Record<string, Omit<QueueSpec, "worker"> & { worker: string }>;
  routes: readonly (Omit<Route, "function"> & { function: string })[];
  schedules: Record<string, Omit<Schedule, "function"> & { function: string }>;
};
