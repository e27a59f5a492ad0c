import { SQSClient } from "@aws-sdk/client-sqs";
import { required } from "#shared/env.ts";
import { makeSqsDeadLetters } from "#shared/queue/dead-letters.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** The dead letters of the queues in the environment. */
export const deadLetters: Provider<"deadLetters"> = {
  name: "deadLetters",
  build: (env) =>
    makeSqsDeadLetters(new SQSClient({}), {
      plan: required(env, "PLAN_QUEUE_URL"),
      page: required(env, "PAGE_QUEUE_URL"),
      check: required(env, "CHECK_QUEUE_URL"),
    }),
};
