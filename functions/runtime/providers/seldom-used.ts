import type { EventSender } from "#shared/notifications/event-sender.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import type { Provider } from "#functions/runtime/services.ts";

/*
 * For functions most of whose invocations send nothing: AWS's client (some 20 ms) is loaded by the first that does.
 */

/** SQS, as by `taskQueue`. */
export const seldomUsedTaskQueue: Provider<"queue"> = {
  name: "queue",
  build: (env, log): TaskQueue => {
    let queue: Promise<TaskQueue> | undefined;
    const load = async () => (await import("./task-queue.ts")).taskQueue.build(env, log);
    return { send: async (...args) => (await (queue ??= load())).send(...args) };
  },
};

/** EventBridge, as by `eventSender`. */
export const seldomUsedEventSender: Provider<"events"> = {
  name: "events",
  build: (env, log): EventSender => {
    let sender: Promise<EventSender> | undefined;
    const load = async () => (await import("./event-sender.ts")).eventSender.build(env, log);
    return { send: async (events) => (await (sender ??= load())).send(events) };
  },
};
