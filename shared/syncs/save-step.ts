import type { Sql } from "#shared/db/connect.ts";
import { saveCheckpoint } from "./operations.ts";
import { countWork, percentDone } from "./progress-tracker.ts";
import type { StepContext } from "./step.ts";

/**
 * Saves a step: the checkpoint, the listing's counters raised by `counts`, and the calls made. In the transaction that records
 * what the step found, so that a step that died is done again from the same place and counts once.
 */
export async function saveStep(
  tx: Sql,
  context: StepContext,
  step: { checkpoint: Record<string, unknown>; counts?: Record<string, number>; message?: string },
): Promise<void> {
  const { operation, client, services } = context;
  const calls = client.callsMade() - context.callsCounted;
  const counters = sum(operation.counters, { ...step.counts, api_calls_made: calls });
  counters.percent_floor = await percentFloor(tx, context);
  const now = services.now();
  const claimedUntil = await saveCheckpoint(tx, operation, {
    checkpoint: step.checkpoint,
    counters,
    now,
    ...(step.message ? { message: step.message } : {}),
  });
  context.afterCommit.push(() => {
    context.callsCounted += calls;
    context.operation = { ...operation, checkpoint: step.checkpoint, counters, claimedUntil };
  });
}

/** Percent as it stood before this step, which may bring more work: it never goes back. */
async function percentFloor(tx: Sql, context: StepContext): Promise<number> {
  const { counters, operationId } = context.operation;
  const work = await countWork(tx, operationId);
  const listed = counters.pages_listed ?? 0;
  return percentDone({
    done: Math.max(work.done, listed - work.open),
    open: work.open,
    unlisted: Math.max(0, (counters.pages_expected ?? 0) - listed),
    floor: counters.percent_floor ?? 0,
  });
}

function sum(counters: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const result = { ...counters };
  for (const [name, value] of Object.entries(more)) result[name] = (result[name] ?? 0) + value;
  return result;
}
