import { setTimeout as delay } from "node:timers/promises";
import type { Progress } from "./progress-bar.ts";
import type { Operation, ServiceClient } from "./service-client.ts";

/** The result of one sync, its closing deletion check included. */
export type SyncOutcome = { metrics: Record<string, number>; operations: Operation[] };

const POLL_MS = 200;

/**
 * Starts a sync and waits for its end and for the deletion check that follows with `every_sync`. Throws when either does not
 * complete, or when both take longer than `withinMs`.
 */
export async function followSync(
  service: ServiceClient,
  sourceId: string,
  options: { withinMs: number; show: (progress: Progress) => void },
): Promise<SyncOutcome> {
  const until = performance.now() + options.withinMs;
  const operationId = await service.startSync(sourceId);
  const sync = await follow(() => service.operation(operationId), "Sync ", until, options.show);
  // It is started in the transaction that ends the sync.
  const check = await follow(() => service.latestOperation(sourceId), "Check", until, options.show);
  if (check.operation_type !== "deletion_check") throw new Error("No deletion check followed the sync");
  return { metrics: sum(sync.sync_metrics, check.sync_metrics), operations: [sync, check] };
}

async function follow(
  read: () => Promise<Operation>,
  label: string,
  until: number,
  show: (progress: Progress) => void,
): Promise<Operation> {
  for (;;) {
    const operation = await read();
    show(toProgress(operation, label));
    if (operation.status === "completed") return operation;
    if (operation.finished_at !== null) throw new Error(failureOf(operation));
    if (performance.now() > until) throw new Error(`${failureOf(operation)}: it takes too long`);
    await delay(POLL_MS);
  }
}

function toProgress(operation: Operation, label: string): Progress {
  return {
    label,
    percent: operation.percent,
    pages: operation.pages_processed,
    pagesTotal: operation.pages_processed + operation.pages_to_process,
    chunks: operation.sync_metrics.chunks_added ?? 0,
    eta: operation.eta,
  };
}

function failureOf(operation: Operation): string {
  const reasons = [
    ...(operation.error ? [operation.error.message] : []),
    ...operation.failed_pages.map((page) => `page ${page.page_id}: ${page.message}`),
  ];
  return `The ${operation.operation_type} is ${operation.status}${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`;
}

function sum(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
