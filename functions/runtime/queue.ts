import middy from "@middy/core";
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import type { z } from "zod";
import { errorCode } from "#shared/errors.ts";
import {
  beginInvocation,
  resolveServices,
  type Provider,
  type Services,
  type ServicesOf,
} from "./services.ts";

/** What a worker returns for each task of a batch: done (acknowledge), or an error (SQS delivers that record again). */
export type Settled = { ok: true } | { ok: false; error: unknown };

export type Invocation = { remainingMs: () => number };

/** Ids only: every line about a record carries them, so that a sync is followed by its `operation_id` from request to page. */
type Task = Record<string, string>;

type QueueFunction<T extends Task, K extends keyof Services> = {
  task: z.ZodType<T>;
  needs: readonly Provider<K>[];
  /** Handles a whole batch (pages of one source are fetched in bulk) and settles each task on its own, in order. */
  run: (tasks: readonly T[], services: ServicesOf<K>, invocation: Invocation) => Promise<Settled[]>;
};

/**
 * The one way to handle SQS: a record fails alone. A body that is not a task is reported as failed too, so that it reaches
 * the dead-letter queue where an alarm reports it. A throw outside any record fails every record.
 */
export function queueHandler<T extends Task, K extends keyof Services>(definition: QueueFunction<T, K>) {
  return middy<SQSEvent, SQSBatchResponse, Error>().handler(async (event, context) => {
    beginInvocation(context);
    const services = await resolveServices(definition.needs);
    const failed: string[] = [];
    const parsed = event.Records.flatMap((record) => {
      const task = parseTask(definition.task, record);
      if (task.success) return [{ record, task: task.data }];
      services.log.error("record.malformed", { message_id: record.messageId, problem: task.problem });
      failed.push(record.messageId);
      return [];
    });
    const invocation = { remainingMs: () => context.getRemainingTimeInMillis() };
    const settled = await definition.run(
      parsed.map((item) => item.task),
      services,
      invocation,
    );
    for (const [index, { record, task }] of parsed.entries()) {
      const outcome = settled[index];
      const log = services.log.with({ message_id: record.messageId, ...task });
      if (outcome?.ok) {
        log.info("record.completed");
        continue;
      }
      const error = outcome ? outcome.error : new Error("The worker did not settle this record");
      log.error("record.failed", { code: errorCode(error), error });
      failed.push(record.messageId);
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  });
}

/** Runs `work` for one task after the other; what one throws fails that one alone. */
export async function settleEach<T>(
  tasks: readonly T[],
  work: (task: T) => Promise<void>,
): Promise<Settled[]> {
  const settled: Settled[] = [];
  for (const task of tasks) {
    try {
      await work(task);
      settled.push({ ok: true });
    } catch (error) {
      settled.push({ ok: false, error });
    }
  }
  return settled;
}

function parseTask<T>(
  schema: z.ZodType<T>,
  record: SQSRecord,
): { success: true; data: T } | { success: false; problem: string } {
  let body: unknown;
  try {
    body = JSON.parse(record.body);
  } catch {
    return { success: false, problem: "not JSON" };
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return { success: true, data: parsed.data };
  return {
    success: false,
    problem: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "),
  };
}
