import { required, type Env } from "#shared/env.ts";
import { forEachQueue, queueUrlVariable, type QueueName } from "#shared/messages.ts";

/** The URLs of all queues from the environment; throws `UserError` (`invalid_environment`) that names a missing one. */
export function queueUrlsOf(env: Env): Record<QueueName, string> {
  return forEachQueue((queue) => required(env, queueUrlVariable(queue)));
}
