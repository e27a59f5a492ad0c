import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSqsTaskQueue } from "#shared/queue/sqs-task-queue.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { queueUrlsOf } from "./queue-urls.ts";

/** SQS, at the queue URLs of the environment. */
export const taskQueue: Provider<"queue"> = {
  name: "queue",
  build: (env) => makeSqsTaskQueue(new SQSClient({}), queueUrlsOf(env)),
};
