import middy from "@middy/core";
import type { Context } from "aws-lambda";
import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { queueNames } from "#shared/messages.ts";
import type { RedriveResult } from "#shared/queue/dead-letters.ts";
import { deadLetters } from "#functions/runtime/providers/dead-letters.ts";
import { beginInvocation, resolveServices } from "#functions/runtime/services.ts";

/** What an operator sends: one queue, and which of its dead letters. */
const request = z.strictObject({
  queue: z.enum(queueNames),
  source_id: z.string().min(1).optional(),
  page_ids: z.array(z.string().min(1)).min(1).optional(),
  limit: z.int().min(1).max(1000).default(100),
});

/** By hand: sends dead letters again, all of a queue or those of a source or of single pages. */
export const handler = middy<unknown, RedriveResult, Error, Context>().handler(async (event, context) => {
  beginInvocation(context);
  const parsed = request.safeParse(event);
  if (!parsed.success) {
    throw new UserError(
      400,
      "invalid_event",
      `Invoke with {"queue": ${queueNames.map((name) => `"${name}"`).join("|")}, "source_id"?, "page_ids"?, "limit"?}. ${z.prettifyError(parsed.error)}`,
    );
  }
  const { queue, source_id, page_ids, limit } = parsed.data;
  const services = await resolveServices([deadLetters]);
  const result = await services.deadLetters.redrive(
    queue,
    { ...(source_id ? { sourceId: source_id } : {}), ...(page_ids ? { pageIds: page_ids } : {}) },
    limit,
  );
  services.log.info("dead_letters.redriven", { queue, source_id, page_ids, ...result });
  return result;
});
