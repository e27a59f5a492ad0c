import { SQSClient } from "@aws-sdk/client-sqs";
import { required } from "#shared/env.ts";
import { makeSqsTaskQueue } from "#shared/queue/sqs-task-queue.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** SQS, at the queue URLs of the environment. */
export const taskQueue: Provider<"queue"> = {
  name: "queue",
  build: (env) =>
    makeSqsTaskQueue(new SQSClient({}), {
      plan: required(env, "PLAN_QUEUE_URL"),
      page: required(env, "PAGE_QUEUE_URL"),
      check: required(env, "CHECK_QUEUE_URL"),
    }),
};
