import { z } from "zod";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { touchUnknown } from "#shared/documents/includers.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";
import { markApproved, withdrawRejected } from "#shared/syncs/operations/approved-candidates.ts";
import { settleHold } from "#shared/syncs/operations/held-deletions.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { applyNext, confirmNext, logApplied } from "./deletion-candidates.ts";

const checkpointSchema = z.object({
  phase: z.enum(["confirming", "deleting", "closing", "listed"]).default("confirming"),
});

/**
 * Runs the next step of deleting what a check held and a person approved, by the rules of a check with `force`: each page is asked for
 * again, and one that is back, or that was rejected meanwhile, stays. What is done is decided on the held check in the same transaction.
 */
export async function approvedDeletionsStep(context: StepContext): Promise<"more" | "listed"> {
  const { phase } = checkpointSchema.parse(context.operation.checkpoint);
  const { approves } = context.operation;
  if (phase === "listed" || approves === null) return "listed";
  if (phase === "confirming") await confirm(context);
  if (phase === "deleting") await applyBatch(context, approves);
  if (phase === "closing") await close(context);
  return "more";
}

/** As in a check, the account is verified before and after: to an anonymous caller every page looks gone. */
async function confirm(context: StepContext): Promise<void> {
  const { client, source } = context;
  await verifyAccount(client, source);
  // A space that is gone would take the approved pages with it, as one that is not visible any more.
  await verifySpace(client, source);
  const confirmed = await confirmNext(context);
  if (!confirmed) await save(context, "deleting", async () => {});
  else {
    await verifyAccount(client, source);
    await save(context, "confirming", confirmed);
  }
}

async function applyBatch(context: StepContext, approves: string): Promise<void> {
  const { operation, source, services } = context;
  const approval = { operationId: operation.operationId, approves };
  const applied = await transaction(services.sql, async (tx) => {
    await withdrawRejected(tx, approval);
    const batch = await applyNext(tx, context);
    const decided = await markApproved(tx, approval);
    await saveStep(tx, context, {
      checkpoint: { phase: batch.settled === 0 ? "closing" : "deleting" },
      // Pages that showed what is gone.
      counts: {},
    });
    if (decided > 0) {
      const gone = batch.deleted.length + batch.hidden.length;
      const message = `${decided} deletions were approved: ${gone} pages deleted or hidden, the others are back or not decided by Confluence`;
      const held = { sourceId: source.sourceId, operationId: approves };
      await settleHold(tx, held, { message, now: services.now() });
    }
    return batch;
  });
  logApplied(applied, context);
}

/** Last, because what pages show may have changed with anything before. */
async function close(context: StepContext): Promise<void> {
  const { operation, source, services } = context;
  await save(context, "listed", async (tx) => {
    await touchUnknown(tx, source.sourceId, services.now());
    await queueRefreshes(tx, operation, services.now());
  });
}

async function save(context: StepContext, phase: string, also: (tx: Sql) => Promise<void>): Promise<void> {
  await transaction(context.services.sql, async (tx) => {
    await also(tx);
    await saveStep(tx, context, { checkpoint: { phase }, counts: {} });
  });
}
