import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { TransientError } from "#shared/errors.ts";
import type { QueueName } from "#shared/messages.ts";
import type { TaskQueue } from "./task-queue.ts";

/** SendMessageBatch takes at most ten entries. */
const BATCH = 10;

/**
 * A TaskQueue over SQS standard queues. `MessageGroupId` is the source: it gives fair queues (a source with many messages
 * does not delay the others), and on a standard queue it orders nothing.
 */
export function makeSqsTaskQueue(sqs: SQSClient, queueUrls: Record<QueueName, string>): TaskQueue {
  return {
    async send(queue, tasks, options = {}) {
      for (let start = 0; start < tasks.length; start += BATCH) {
        const batch = tasks.slice(start, start + BATCH);
        const response = await sqs.send(
          new SendMessageBatchCommand({
            QueueUrl: queueUrls[queue],
            Entries: batch.map((task, index) => ({
              Id: String(index),
              MessageBody: JSON.stringify(task),
              MessageGroupId: task.source_id,
              ...(options.delaySeconds ? { DelaySeconds: Math.ceil(options.delaySeconds) } : {}),
            })),
          }),
        );
        const failed = response.Failed ?? [];
        if (failed.length > 0) {
          throw new TransientError(
            "queue_refused",
            `SQS refused ${failed.length} of ${batch.length} messages for the ${queue} queue`,
            {
              details: { codes: [...new Set(failed.map((entry) => entry.Code))] },
            },
          );
        }
      }
    },
  };
}
