import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const MEGABYTE = 1024 * 1024;

export type Memory = { rss: number; heap_with_garbage: number; heap: number; outside_heap: number };

/**
 * Megabytes of this process: resident, and held by the heap; then, once garbage is collected, what is reachable in the heap and
 * outside (buffers, WebAssembly).
 */
export function reachableMemory(): Memory {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("This Node has no gc");
  const { rss, heapTotal } = process.memoryUsage();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return {
    rss: Math.round(rss / MEGABYTE),
    heap_with_garbage: Math.round(heapTotal / MEGABYTE),
    heap: Math.round(heapUsed / MEGABYTE),
    outside_heap: Math.round(external / MEGABYTE),
  };
}
