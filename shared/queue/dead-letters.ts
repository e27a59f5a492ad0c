import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { z } from "zod";
import { PermanentError } from "#shared/errors.ts";
import type { QueueName } from "#shared/messages.ts";

/** Which dead letters to send again; absent members match all. */
export type DeadLetterFilter = { sourceId?: string; pageIds?: readonly string[] };

export type RedriveResult = { redriven: number; kept: number };

export type DeadLetters = {
  /**
   * Sends matching messages to their queue again and deletes them there; looks at `limit` messages at most. Other messages
   * become visible again within five minutes. A message is deleted only after it was sent, so it may arrive twice, which is harmless.
   */
  redrive(queue: QueueName, filter: DeadLetterFilter, limit: number): Promise<RedriveResult>;
  /** How full the queue is, as SQS counts (approximately), and up to ten of its dead letters, which stay there. */
  look(queue: QueueName): Promise<QueueState>;
};

export type QueueState = {
  /** To be received now; received by a worker; to be received later. */
  waiting: number;
  inFlight: number;
  delayed: number;
  deadLetters: number;
  sample: DeadLetter[];
};

/** What a dead letter is about; null where the message does not say. */
export type DeadLetter = {
  messageId: string;
  sentAt: Date | null;
  sourceId: string | null;
  operationId: string | null;
  pageId: string | null;
};

const redrivePolicy = z.object({ deadLetterTargetArn: z.string() });
const body = z.object({
  source_id: z.string().optional(),
  operation_id: z.string().optional(),
  page_id: z.string().optional(),
});
const counts = z.object({
  ApproximateNumberOfMessages: z.coerce.number(),
  ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
  ApproximateNumberOfMessagesDelayed: z.coerce.number(),
});

/** Skipped messages stay invisible this long, so that one run sees each once. */
const HIDDEN_SECONDS = 300;
/** Messages that were only looked at are hidden this long; a redrive waits longer for messages. */
const LOOKED_AT_SECONDS = 1;
/** ReceiveMessage returns at most ten. */
const BATCH = 10;

/** Dead letters of SQS queues; the dead-letter queue is the one that the queue's own redrive policy names. */
export function makeSqsDeadLetters(sqs: SQSClient, queueUrls: Record<QueueName, string>): DeadLetters {
  return {
    async redrive(queue, filter, limit) {
      const target = queueUrls[queue];
      const source = await deadLetterUrl(sqs, target);
      const result: RedriveResult = { redriven: 0, kept: 0 };
      while (result.redriven + result.kept < limit) {
        const { Messages: messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: source,
            MaxNumberOfMessages: Math.min(BATCH, limit - result.redriven - result.kept),
            VisibilityTimeout: HIDDEN_SECONDS,
            MessageSystemAttributeNames: ["MessageGroupId"],
            // Long polling asks every server, so that an empty response means an empty queue.
            WaitTimeSeconds: 2,
          }),
        );
        if (messages.length === 0) break;
        for (const message of messages) {
          if (!matches(message, filter)) {
            result.kept += 1;
            continue;
          }
          await sendAgain(sqs, message, { source, target });
          result.redriven += 1;
        }
      }
      return result;
    },
    async look(queue) {
      const url = queueUrls[queue];
      const source = await deadLetterUrl(sqs, url);
      const [own, dead, sample] = await Promise.all([
        countMessages(sqs, url),
        countMessages(sqs, source),
        sampleOf(sqs, source),
      ]);
      return {
        waiting: own.ApproximateNumberOfMessages,
        inFlight: own.ApproximateNumberOfMessagesNotVisible,
        delayed: own.ApproximateNumberOfMessagesDelayed,
        deadLetters: dead.ApproximateNumberOfMessages + dead.ApproximateNumberOfMessagesNotVisible,
        sample,
      };
    },
  };
}

async function countMessages(sqs: SQSClient, url: string): Promise<z.infer<typeof counts>> {
  const names = Object.keys(counts.shape) as (keyof typeof counts.shape)[];
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: names }),
  );
  return counts.parse(attributes);
}

async function sampleOf(sqs: SQSClient, url: string): Promise<DeadLetter[]> {
  const { Messages: messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: BATCH,
      VisibilityTimeout: LOOKED_AT_SECONDS,
      MessageSystemAttributeNames: ["SentTimestamp"],
    }),
  );
  return messages.map((message) => {
    const ids = body.safeParse(parseJson(message.Body ?? ""));
    const { source_id = null, operation_id = null, page_id = null } = ids.success ? ids.data : {};
    const sentMs = Number(message.Attributes?.SentTimestamp);
    return {
      messageId: message.MessageId ?? "",
      sentAt: sentMs > 0 ? new Date(sentMs) : null,
      sourceId: source_id,
      operationId: operation_id,
      pageId: page_id,
    };
  });
}

async function deadLetterUrl(sqs: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["RedrivePolicy"] }),
  );
  const policy = redrivePolicy.safeParse(JSON.parse(attributes?.RedrivePolicy ?? "null"));
  if (!policy.success)
    throw new PermanentError("no_dead_letters", `Queue ${queueUrl} has no dead-letter queue`);
  // SQS lets a queue have its dead letters in its own account and region only: the same address, another name.
  const url = new URL(queueUrl);
  url.pathname = url.pathname.replace(/[^/]+$/, policy.data.deadLetterTargetArn.split(":").at(-1) ?? "");
  return url.href;
}

async function sendAgain(
  sqs: SQSClient,
  message: Message,
  urls: { source: string; target: string },
): Promise<void> {
  const group = message.Attributes?.MessageGroupId;
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: urls.target,
      MessageBody: message.Body,
      ...(group ? { MessageGroupId: group } : {}),
    }),
  );
  await sqs.send(new DeleteMessageCommand({ QueueUrl: urls.source, ReceiptHandle: message.ReceiptHandle }));
}

function matches(message: Message, filter: DeadLetterFilter): boolean {
  const all = filter.sourceId === undefined && filter.pageIds === undefined;
  if (all) return true;
  const ids = body.safeParse(parseJson(message.Body ?? ""));
  if (!ids.success) return false;
  const { source_id, page_id } = ids.data;
  if (filter.sourceId !== undefined && source_id !== filter.sourceId) return false;
  return filter.pageIds === undefined || (page_id !== undefined && filter.pageIds.includes(page_id));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
