import { z } from "zod";

/**
 * Every queue message: the contract between functions. Messages carry ids only. What is to be done, and whether it still is,
 * stands in the database, so a message that comes twice, late or never changes nothing but the time.
 */

/** Plan queue: list the next pages of a sync. */
export const planTask = z.strictObject({ operation_id: z.uuid(), source_id: z.string().min(1) });

/** Page queue: bring one page of a running operation up to date. */
export const pageTask = z.strictObject({
  operation_id: z.uuid(),
  source_id: z.string().min(1),
  page_id: z.string().min(1),
});

/** Check queue: do the next step of a deletion check. */
export const checkTask = z.strictObject({ operation_id: z.uuid(), source_id: z.string().min(1) });

export type PlanTask = z.infer<typeof planTask>;
export type PageTask = z.infer<typeof pageTask>;
export type CheckTask = z.infer<typeof checkTask>;

/** The task of each queue, by the queue's name in the topology. */
export type TaskOf = { plan: PlanTask; page: PageTask; check: CheckTask };
export type QueueName = keyof TaskOf;
