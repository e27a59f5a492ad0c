import { setTimeout as delay } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type Message,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Log } from "#shared/log.ts";
import type { Invoke } from "./invoke.ts";
import { failedMessageIds, toSqsEvent } from "./sqs-event.ts";

/** ReceiveMessage and DeleteMessageBatch take at most ten. */
const SQS_BATCH = 10;
/** SQS's longest long poll. */
const LONG_POLL_SECONDS = 20;
const PAUSE_AFTER_FAULT_MS = 1000;

type EventSource = {
  id: string;
  url: string;
  arn: string;
  worker: string;
  batchSize: number;
  batchWindowSeconds: number;
  maxConcurrency: number;
};

export type Poller = { stop: () => Promise<void> };

type Options = { source: EventSource; sqs: SQSClient; invoke: Invoke; log: Log };

/**
 * Polls a queue and invokes its worker as Lambda's event source mapping does: a batch is what arrives until it is full or the
 * window has passed since its first message; at most `maxConcurrency` invocations at a time, and nothing is received without
 * a free one; what the function does not report as failed is deleted. What failed is left alone: it comes back when its
 * visibility timeout has passed, and SQS itself moves it to the dead-letter queue after the last receive.
 */
export function startPoller(options: Options): Poller {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const loop = poll(options, stopping.signal, running);
  return {
    async stop() {
      stopping.abort();
      await loop;
      await Promise.all(running);
    },
  };
}

async function poll(options: Options, stopping: AbortSignal, running: Set<Promise<void>>): Promise<void> {
  while (!stopping.aborted) {
    if (running.size >= options.source.maxConcurrency) {
      await Promise.race(running);
      continue;
    }
    const batch = await gather(options, stopping);
    // Received but not begun: left in flight, and made visible again when the runner starts next.
    if (batch.length === 0 || stopping.aborted) continue;
    const work: Promise<void> = handle(options, batch).finally(() => running.delete(work));
    running.add(work);
  }
}

async function gather(options: Options, stopping: AbortSignal): Promise<Message[]> {
  const { batchSize, batchWindowSeconds } = options.source;
  const batch = await receive(options, batchSize, LONG_POLL_SECONDS, stopping);
  const until = performance.now() + batchWindowSeconds * 1000;
  while (batch.length > 0 && batch.length < batchSize && performance.now() < until && !stopping.aborted) {
    // SQS waits in whole seconds.
    const seconds = Math.round((until - performance.now()) / 1000);
    const more = await receive(options, batchSize - batch.length, seconds, stopping);
    if (more.length === 0) break;
    batch.push(...more);
  }
  return batch;
}

async function receive(
  { source, sqs, log }: Options,
  count: number,
  waitSeconds: number,
  stopping: AbortSignal,
): Promise<Message[]> {
  try {
    const result = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: source.url,
        MaxNumberOfMessages: Math.min(SQS_BATCH, count),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
      { abortSignal: stopping },
    );
    return result.Messages ?? [];
  } catch (error) {
    if (stopping.aborted) return [];
    log.error("invocation.failed", { queue: source.id, step: "receive", error });
    await delay(PAUSE_AFTER_FAULT_MS, undefined, { signal: stopping }).catch(() => {});
    return [];
  }
}

async function handle({ source, sqs, invoke, log }: Options, batch: readonly Message[]): Promise<void> {
  const ids = batch.map((message) => message.MessageId ?? "");
  let failed: Set<string>;
  try {
    failed = failedMessageIds(await invoke(source.worker, toSqsEvent(batch, source.arn)), ids);
  } catch {
    // Logged by the invoker; a throw fails the whole batch.
    return;
  }
  const done = batch.filter((message) => !failed.has(message.MessageId ?? ""));
  for (let start = 0; start < done.length; start += SQS_BATCH) {
    try {
      await deleteMessages(sqs, source.url, done.slice(start, start + SQS_BATCH));
    } catch (error) {
      // They come again, which every worker expects.
      log.error("invocation.failed", { queue: source.id, step: "delete", error });
    }
  }
}

async function deleteMessages(sqs: SQSClient, url: string, messages: readonly Message[]): Promise<void> {
  const result = await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: url,
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.ReceiptHandle,
      })),
    }),
  );
  const refused = result.Failed ?? [];
  if (refused.length > 0)
    throw new Error(`SQS did not delete ${refused.length} messages: ${refused[0]?.Code}`);
}
