import { z } from "zod";

/**
 * Every queue message: the contract between functions. Messages carry only ids. The database holds what is to be done, and
 * whether it still is, so a message that comes twice, late or never changes only the timing.
 */

/** Plan queue: list the next pages of a sync. */
export const planTask = z.strictObject({ operation_id: z.uuid(), source_id: z.string().min(1) });

/** Page queue: bring one page of a running operation up to date. */
export const pageTask = z.strictObject({
  operation_id: z.uuid(),
  source_id: z.string().min(1),
  page_id: z.string().min(1),
});

/** File queue: bring one attachment of a running operation up to date; `page_id` is the attachment's id. */
export const fileTask = z.strictObject(pageTask.shape);

/** Check queue: do the next step of a deletion check. */
export const checkTask = z.strictObject({ operation_id: z.uuid(), source_id: z.string().min(1) });

export type PlanTask = z.infer<typeof planTask>;
export type PageTask = z.infer<typeof pageTask>;
export type CheckTask = z.infer<typeof checkTask>;

/**
 * Every queue, with the schema of its messages. Environment names, URLs, access, redrive and the local poller follow from it; what
 * else a new one needs is in infra/extending.md. Each message names its source: SQS shares the workers fairly between sources.
 */
export const QUEUES = {
  plan: planTask,
  page: pageTask,
  file: fileTask,
  check: checkTask,
} as const satisfies Record<string, z.ZodType<{ source_id: string }>>;

export type QueueName = keyof typeof QUEUES;
export type TaskOf = { [Q in QueueName]: z.infer<(typeof QUEUES)[Q]> };

export const queueNames = Object.keys(QUEUES) as [QueueName, ...QueueName[]];

/** A value for each queue. */
export function forEachQueue<T>(value: (queue: QueueName) => T): Record<QueueName, T> {
  return Object.fromEntries(queueNames.map((queue) => [queue, value(queue)])) as Record<QueueName, T>;
}

/** The environment variable that holds a queue's URL. */
export function queueUrlVariable<Q extends QueueName>(queue: Q): `${Uppercase<Q>}_QUEUE_URL` {
  return `${queue.toUpperCase() as Uppercase<Q>}_QUEUE_URL`;
}
