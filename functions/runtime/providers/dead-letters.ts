import { SQSClient } from "@aws-sdk/client-sqs";
import { makeSqsDeadLetters } from "#shared/queue/dead-letters.ts";
import type { Provider } from "#functions/runtime/services.ts";
import { queueUrlsOf } from "./queue-urls.ts";

/** The dead letters of the queues in the environment. */
export const deadLetters: Provider<"deadLetters"> = {
  name: "deadLetters",
  build: (env) => makeSqsDeadLetters(new SQSClient({}), queueUrlsOf(env)),
};
