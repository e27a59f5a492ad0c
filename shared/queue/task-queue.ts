import type { QueueName, TaskOf } from "#shared/messages.ts";

/** Sends tasks to the queues. Deliveries may repeat, reorder and get lost: nothing relies on more than "usually, once". */
export type TaskQueue = {
  /**
   * Sends all tasks or throws `TransientError`; after a throw some may have been sent (sending again is harmless).
   * `delaySeconds`: 0 to 900, SQS's bounds.
   */
  send<Q extends QueueName>(
    queue: Q,
    tasks: readonly TaskOf[Q][],
    options?: { delaySeconds?: number },
  ): Promise<void>;
};

/** SQS delays a message by at most 15 minutes (docs.aws.amazon.com, SendMessage, DelaySeconds). */
export const MAX_DELAY_SECONDS = 900;
