import { z } from "zod";
import { transaction } from "#shared/db/connect.ts";
import { touchUnknown } from "#shared/documents/includers.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";
import { markApproved, withdrawRejected } from "#shared/syncs/operations/approved-candidates.ts";
import { settleHold } from "#shared/syncs/operations/held-deletions.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { APPLY_BATCH, applyNext, confirmNext, logApplied } from "./deletion-candidates.ts";
import { filesOfGone } from "./files-of-gone.ts";

const checkpointSchema = z.object({
  phase: z.enum(["deleting", "closing", "listed"]).default("deleting"),
});

/**
 * Runs the next step of deleting what a check held and a person approved, by the rules of a check with `force`: each page is asked for
 * again right before it goes, and one that is back, or that was rejected meanwhile, stays. What is done is decided on the held check in
 * the same transaction.
 */
export async function approvedDeletionsStep(context: StepContext): Promise<"more" | "listed"> {
  const { phase } = checkpointSchema.parse(context.operation.checkpoint);
  const { approves } = context.operation;
  if (phase === "listed" || approves === null) return "listed";
  if (phase === "deleting") await deleteNext(context, approves);
  if (phase === "closing") await close(context);
  return "more";
}

/**
 * What Confluence says is not kept for a later step: after a crash or a pause it could be an hour old. As in a check, the account is
 * verified before and after: to an anonymous caller every page looks gone.
 */
async function deleteNext(context: StepContext, approves: string): Promise<void> {
  const { client, operation, source, services } = context;
  await verifyAccount(client, source);
  // A space that is gone would take the approved pages with it, as one that is not visible any more.
  await verifySpace(client, source);
  const confirmed = await confirmNext(context, { atMost: APPLY_BATCH });
  if (confirmed) await verifyAccount(client, source);
  const files = await filesOfGone(context, confirmed?.gone ?? []);
  const approval = { operationId: operation.operationId, approves };
  const applied = await transaction(services.sql, async (tx) => {
    await withdrawRejected(tx, approval);
    await confirmed?.save(tx);
    const batch = await applyNext(tx, context, { files });
    const decided = await markApproved(tx, approval);
    await saveStep(tx, context, {
      checkpoint: { phase: confirmed ? "deleting" : "closing" },
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
  await transaction(services.sql, async (tx) => {
    await touchUnknown(tx, source.sourceId, services.now());
    await queueRefreshes(tx, operation, services.now());
    await saveStep(tx, context, { checkpoint: { phase: "listed" }, counts: {} });
  });
}
