import type { Sql } from "#shared/db/connect.ts";
import { saveCheckpoint } from "./claims.ts";
import { countWork, percentDone, type WorkCount } from "./progress-tracker.ts";
import type { ListingFacts } from "./listing-facts.ts";
import type { Operation } from "./operation.ts";
import type { StepContext } from "./step.ts";

/**
 * Saves a step: the checkpoint, the listing's counters increased by `counts`, the facts that it learned, and the calls made. Runs in the transaction that
 * records what the step found, so that a step that crashed is repeated from the same position and counts once. Every step that
 * may add work passes `counts`.
 */
export async function saveStep(
  tx: Sql,
  context: StepContext,
  step: {
    checkpoint: Record<string, unknown>;
    counts?: Record<string, number>;
    facts?: Partial<ListingFacts>;
    message?: string;
  },
): Promise<void> {
  const { operation, client, services } = context;
  const calls = client.callsMade() - context.callsCounted;
  const counters = sum(operation.counters, { ...step.counts, api_calls_made: calls });
  const work = step.counts ? await countWork(tx, operation.operationId) : null;
  const facts = { ...operation, ...step.facts };
  if (work) facts.percentFloor = percentFloor(operation, work);
  const now = services.now();
  const claimedUntil = await saveCheckpoint(tx, operation, {
    checkpoint: step.checkpoint,
    counters,
    facts,
    now,
    ...(step.message ? { message: step.message } : {}),
  });
  context.afterCommit.push(() => {
    context.callsCounted += calls;
    context.hasOpenWork = work !== null && work.open > 0;
    context.operation = {
      ...facts,
      checkpoint: step.checkpoint,
      counters,
      claimedUntil,
      failures: 0,
      failing: null,
    };
  });
}

/** The percentage before this step and the work that it added: it never decreases. */
function percentFloor(operation: Operation, { open, added, done }: WorkCount): number {
  const listed = countListed(operation.counters);
  const openBefore = open - added;
  return percentDone({
    done: Math.max(done, listed - openBefore),
    open: openBefore,
    unlisted: Math.max(0, operation.pagesExpected - listed),
    floor: operation.percentFloor,
  });
}

/** Counters of what a listing contained, which together are compared with Confluence's count. Others: folders, unknown types, and what cannot be read. */
export const LISTED = ["pages_listed", "comments_listed", "files_listed", "others_listed"] as const;

export function countListed(counters: Record<string, number>): number {
  return LISTED.reduce((count, name) => count + (counters[name] ?? 0), 0);
}

function sum(counters: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const result = { ...counters };
  for (const [name, value] of Object.entries(more)) result[name] = (result[name] ?? 0) + value;
  return result;
}
