import { MAX_DELAY_SECONDS } from "#shared/queue/task-queue.ts";
import type { QueueName, TaskOf } from "#shared/messages.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import { queues } from "#infra/topology.ts";
import type { Random } from "./random.ts";

type Message = {
  id: string;
  queue: QueueName;
  body: string;
  /** Virtual time from which it can be received. */
  visibleAt: number;
  receiveCount: number;
};

export type Delivery = {
  queue: QueueName;
  messages: { messageId: string; body: string; receiveCount: number }[];
};

/**
 * SQS standard queues as bad as they are allowed to be: any order, some messages twice, acknowledgements lost, delays, and a
 * dead-letter queue after the topology's receive count.
 */
export type SimulatedQueues = {
  /** Accepts messages; `TaskQueue` for the code under test. */
  accept: TaskQueue["send"];
  /** A batch of one queue that is visible at `now`, in any order; null when there is none. */
  receive: (queue: QueueName, now: number) => Delivery | null;
  /** Removes processed messages, unless the acknowledgement gets lost. */
  acknowledge: (messageIds: readonly string[]) => void;
  /** The time at which the next message becomes visible; null if there is none. */
  nextVisible: () => number | null;
  deadLetters: () => readonly Message[];
  /** How often the message that came most often has been delivered. */
  mostReceived: () => number;
  size: () => number;
  /** From now on it delivers once and loses nothing: so that a history can settle. */
  behave: () => void;
};

export function makeQueues(random: Random, now: () => number): SimulatedQueues {
  let messages: Message[] = [];
  const dead: Message[] = [];
  let misbehaves = true;
  let count = 0;
  let mostReceived = 0;
  const put = (queue: QueueName, body: string, visibleAt: number) => {
    count += 1;
    messages.push({ id: `m${count}`, queue, body, visibleAt, receiveCount: 0 });
  };
  return {
    async accept<Q extends QueueName>(
      queue: Q,
      tasks: readonly TaskOf[Q][],
      options: { delaySeconds?: number } = {},
    ) {
      const { delaySeconds = 0 } = options;
      if (!(delaySeconds >= 0 && delaySeconds <= MAX_DELAY_SECONDS))
        throw new Error(`SQS takes a delay of 0 to ${MAX_DELAY_SECONDS} seconds, not of ${delaySeconds}`);
      for (const task of tasks) {
        const body = JSON.stringify(task);
        const visibleAt = now() + delaySeconds * 1000;
        put(queue, body, visibleAt);
        if (misbehaves && random.chance(0.05)) put(queue, body, visibleAt + random.below(600_000));
      }
    },
    receive(queue, at) {
      const visible = messages.filter((message) => message.queue === queue && message.visibleAt <= at);
      if (visible.length === 0) return null;
      const spec = queues[queue];
      const batch: Message[] = [];
      while (visible.length > 0 && batch.length < spec.batchSize) {
        const [message] = visible.splice(random.below(visible.length), 1);
        if (!message) break;
        message.receiveCount += 1;
        mostReceived = Math.max(mostReceived, message.receiveCount);
        if (message.receiveCount > spec.maxReceiveCount) {
          dead.push(message);
          messages = messages.filter((other) => other !== message);
          continue;
        }
        message.visibleAt = at + spec.visibilityTimeoutSeconds * 1000;
        batch.push(message);
      }
      if (batch.length === 0) return null;
      return {
        queue,
        messages: batch.map(({ id, body, receiveCount }) => ({ messageId: id, body, receiveCount })),
      };
    },
    acknowledge(ids) {
      const kept = new Set(ids.filter(() => misbehaves && random.chance(0.03)));
      messages = messages.filter((message) => !ids.includes(message.id) || kept.has(message.id));
    },
    nextVisible: () =>
      messages.length === 0 ? null : Math.min(...messages.map((message) => message.visibleAt)),
    deadLetters: () => dead,
    mostReceived: () => mostReceived,
    size: () => messages.length,
    behave: () => {
      misbehaves = false;
    },
  };
}
