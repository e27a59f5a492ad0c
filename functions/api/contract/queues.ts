import { z } from "zod";
import { queueNames } from "#shared/messages.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant } from "./fields.ts";
import { count } from "./operations.ts";

const queue = z.enum(queueNames);

const common = { tag: "Queues" } as const;

export const listQueues = contract({
  ...common,
  id: "listQueues",
  method: "GET",
  paths: ["/api/queues"],
  scope: "sources:read",
  summary: "How full the queues are, and what could not be processed",
  description:
    "Counts are as SQS tells them: approximate. A message that was delivered as often as its queue allows and never acknowledged is a dead letter: its worker crashed, or met an internal error.",
  responses: {
    200: z.object({
      queues: z.array(
        z
          .object({
            queue,
            waiting: count,
            in_flight: count.meta({ description: "Received by a worker" }),
            delayed: count.meta({ description: "To be received later" }),
            dead_letters: count,
            impact: z.string().meta({ description: "What a dead letter of this queue means to users" }),
            sample: z
              .array(
                z.object({
                  message_id: z.string(),
                  sent_at: instant.nullable(),
                  source_id: z.string().nullable(),
                  operation_id: z.string().nullable(),
                  page_id: z.string().nullable(),
                }),
              )
              .meta({ description: "At most ten dead letters; looking at them hides them for a second" }),
          })
          .meta({ id: "Queue" }),
      ),
    }),
  },
});

export const redriveDeadLetters = contract({
  ...common,
  id: "redriveDeadLetters",
  method: "POST",
  paths: ["/api/queues/{queue}/redrive"],
  scope: "sources:write",
  summary: "Send dead letters to their queue again",
  description:
    "All, or those of a source or of single pages. Fix the cause first: they come back otherwise. Those that do not match are hidden for five minutes. A message of an operation that has ended does nothing.",
  params: z.object({ queue }),
  body: z.strictObject({
    source_id: id.optional(),
    page_ids: z.array(id).min(1).max(1000).optional(),
    limit: z.int().min(1).max(100).default(100).meta({ description: "How many dead letters to look at" }),
  }),
  responses: {
    200: z.object({
      redriven: count,
      kept: count.meta({ description: "Those looked at that do not match" }),
    }),
  },
  errors: ["route_not_found"],
  examples: { request: { page_ids: ["123456789"] }, responses: { 200: { redriven: 1, kept: 4 } } },
});
