import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { ExtractionLimits } from "./extraction-messages.ts";

/**
 * A thread of the extracting process that ends it with SIGKILL: native code and a busy loop keep the main thread from doing
 * anything, and `resourceLimits` of a worker count neither native memory nor buffers.
 */
const INTERVAL_MS = 10;
const STDERR = 2;
const limits = workerData as ExtractionLimits;

setInterval(() => {
  const inTime = process.uptime() * 1000 < limits.milliseconds;
  if (inTime && process.memoryUsage.rss() < limits.bytes) return;
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  writeSync(STDERR, `${JSON.stringify({ killed: inTime ? "memory" : "time", peakBytes })}\n`);
  process.kill(process.pid, "SIGKILL");
}, INTERVAL_MS);
