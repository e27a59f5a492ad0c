import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { checkTask, type CheckTask } from "#shared/messages.ts";
import { approvedDeletionsStep } from "#shared/syncs/deletions/approved-deletions-step.ts";
import { checkStep } from "#shared/syncs/deletions/deletion-check-step.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { OperationTypeOf } from "#shared/syncs/operations/operation-types.ts";
import { stepOf, type Step } from "#shared/syncs/operations/step.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { startDueChecks } from "#shared/syncs/schedules/start-due.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { taskQueue } from "#functions/runtime/providers/task-queue.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import { queueHandler, settleEach, type Invocation, type Settled } from "#functions/runtime/queue.ts";
import { beginInvocation, resolveServices } from "#functions/runtime/services.ts";

/** The daily rule's event (docs.aws.amazon.com, EventBridge scheduled events); `time` is the tick that the check is for. */
const scheduledEvent = z.object({ "detail-type": z.literal("Scheduled Event"), time: z.iso.datetime() });

/** A manual invocation: one source, on purpose. */
const manualEvent = z.strictObject({
  source_id: z.string().min(1),
  dry_run: z.boolean().default(false),
  force: z.boolean().default(false),
});

const needs = [database, taskQueue, tokenCipher, confluence] as const;

const STEPS: Record<OperationTypeOf<"check">, Step> = {
  deletion_check: checkStep,
  approved_deletions: approvedDeletionsStep,
};
const step = stepOf(STEPS);

/** Runs deletion checks, and deletions that were approved: one listing page, or one batch of candidates, a step. */
export async function reconcileDeletions(
  tasks: readonly CheckTask[],
  services: SyncServices & SiteServices,
  invocation: Invocation,
): Promise<Settled[]> {
  return settleEach(tasks, (task) => runOperation(task.operation_id, step, services, invocation));
}

const onMessages = queueHandler({ task: checkTask, needs, run: reconcileDeletions });

type Result = SQSBatchResponse | { started: number } | { operation_id: string; started: boolean };

/**
 * Three callers: its queue, whose messages run checks; the daily rule and a person (`{"source_id", "dry_run"?, "force"?}`), who
 * start them, as the API does (functions/api/check-deletions.ts).
 */
export const handler = middy<unknown, Result, Error>().handler(async (event, context): Promise<Result> => {
  if (isQueueEvent(event)) return onMessages(event, context);
  beginInvocation(context);
  const services = await resolveServices(needs);
  const scheduled = scheduledEvent.safeParse(event);
  if (scheduled.success) return { started: await startDueChecks(new Date(scheduled.data.time), services) };
  const manual = manualEvent.safeParse(event);
  if (!manual.success) {
    throw new UserError(
      400,
      "invalid_event",
      `Invoke with {"source_id": "…", "dry_run"?: true, "force"?: true}. ${z.prettifyError(manual.error)}`,
    );
  }
  const { source_id, dry_run, force } = manual.data;
  const result = await startOperation(
    { type: "deletion_check", sourceId: source_id, actor: "manual", dryRun: dry_run, force },
    services,
  );
  return { operation_id: result.operationId, started: result.started };
});

function isQueueEvent(event: unknown): event is SQSEvent {
  return typeof event === "object" && event !== null && "Records" in event;
}
