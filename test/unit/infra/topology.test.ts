import { describe, expect, it } from "vitest";
import { EXTRACT_FUNCTION, functions, queues, type FunctionSpec, type QueueSpec } from "#infra/topology.ts";

const specs = Object.entries<FunctionSpec>(functions);

describe("the topology", () => {
  it.each(Object.entries<QueueSpec>(queues))(
    "the topology gives queue %s the settings that SQS and Lambda require",
    (_, queue) => {
      const { timeoutSeconds } = functions[queue.worker];
      // A killed worker's pages are redelivered within six minutes; a file's worker waits for its extraction.
      expect(timeoutSeconds).toBeLessThanOrEqual(queue === queues.file ? 180 : 60);
      expect(queue.visibilityTimeoutSeconds).toBeGreaterThanOrEqual(6 * timeoutSeconds);
      // A mapping's maximum concurrency is at least 2, and batches above 10 need a window.
      expect(queue.maxConcurrency).toBeGreaterThanOrEqual(2);
      expect(queue.batchSize <= 10 || queue.batchWindowSeconds >= 1).toBe(true);
      expect(queue.maxReceiveCount).toBeGreaterThanOrEqual(5);
    },
  );

  it("the topology lets a file's worker outlive an extraction that ends at its limit", () => {
    const extraction: FunctionSpec = functions[EXTRACT_FUNCTION];
    expect(functions[queues.file.worker].timeoutSeconds).toBeGreaterThanOrEqual(
      2 * extraction.timeoutSeconds,
    );
    expect(extraction.maxConcurrency).toBeGreaterThanOrEqual(queues.file.maxConcurrency);
  });

  it("the topology lets an HTTP function end before API Gateway does, and limits its concurrency", () => {
    for (const [name, { entry, timeoutSeconds, maxConcurrency }] of specs) {
      if (!entry.startsWith("functions/api/")) continue;
      expect(timeoutSeconds, name).toBeLessThan(30);
      expect(maxConcurrency, name).toBeGreaterThan(0);
    }
  });
});
