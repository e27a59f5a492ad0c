import { queueNames } from "#shared/messages.ts";
import { QUEUE_IMPACTS } from "#shared/queue/queue-impacts.ts";
import { listQueues, redriveDeadLetters } from "#functions/api/contract/queues.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { deadLetters } from "#functions/runtime/providers/dead-letters.ts";

/** GET /api/queues and POST /api/queues/{queue}/redrive: without a database, which may be what fails. */
export const handler = httpHandler(
  route(listQueues)([deadLetters], async (_, services) => {
    const queues = await Promise.all(
      queueNames.map(async (queue) => ({ queue, ...(await services.deadLetters.look(queue)) })),
    );
    return {
      status: 200,
      body: {
        queues: queues.map((state) => ({
          queue: state.queue,
          waiting: state.waiting,
          in_flight: state.inFlight,
          delayed: state.delayed,
          dead_letters: state.deadLetters,
          impact: QUEUE_IMPACTS[state.queue],
          sample: state.sample.map((letter) => ({
            message_id: letter.messageId,
            sent_at: letter.sentAt?.toISOString() ?? null,
            source_id: letter.sourceId,
            operation_id: letter.operationId,
            page_id: letter.pageId,
          })),
        })),
      },
    };
  }),
  route(redriveDeadLetters)([deadLetters], async ({ params, body }, services) => {
    const { source_id, page_ids, limit } = body;
    const result = await services.deadLetters.redrive(
      params.queue,
      { ...(source_id ? { sourceId: source_id } : {}), ...(page_ids ? { pageIds: page_ids } : {}) },
      limit,
    );
    services.log.info("dead_letters.redriven", { queue: params.queue, source_id, page_ids, ...result });
    return { status: 200, body: result };
  }),
);
