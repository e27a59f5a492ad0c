import { setTimeout as delay } from "node:timers/promises";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";
import type { ApiKey } from "./api-keys.ts";
import type { EventBus } from "./event-bus.ts";
import { startGateway, type AroundRequest } from "./gateway.ts";
import type { Invoker } from "./invoke.ts";
import { startPoller } from "./queues.ts";
import { startSchedules } from "./schedules.ts";
import type { LocalQueue } from "./sqs-endpoint.ts";
import type { Topology } from "./topology-types.ts";

type Options = {
  port: number;
  topology: Topology;
  invoker: Invoker;
  aroundRequest: AroundRequest;
  eventBus: EventBus;
  sqs: SQSClient;
  queues: Record<string, LocalQueue>;
  env: Env;
  apiKeys: readonly ApiKey[];
  log: Log;
  now: () => Date;
  newId: () => string;
};

export type Intake = {
  url: string;
  /** Accepts no more work, and resolves when running work has ended, or after `withinMs`; returns how many functions still run. */
  stop: (withinMs: number) => Promise<number>;
};

/** Everything that invokes functions: HTTP, queues and schedules. */
export async function startIntake(options: Options): Promise<Intake> {
  const { topology, invoker, sqs, env, log } = options;
  const gateway = await startGateway({
    ...options,
    routes: topology.routes,
    corsOrigins: env.CORS_ORIGINS,
  });
  const pollers = Object.entries(topology.queues).flatMap(([id, spec]) => {
    const queue = options.queues[id];
    return queue
      ? [startPoller({ source: { ...spec, ...queue, id }, sqs, invoke: invoker.invoke, log })]
      : [];
  });
  const schedules = startSchedules({ ...options, schedules: topology.schedules, invoke: invoker.invoke });
  return {
    url: gateway.url,
    async stop(withinMs) {
      schedules.stop();
      const stopped = Promise.all([gateway.close(), ...pollers.map((poller) => poller.stop())]);
      const enough = new AbortController();
      await Promise.race([
        stopped,
        delay(withinMs, undefined, { signal: enough.signal }).catch(() => {}),
      ]).finally(() => enough.abort());
      // Functions without a waiting caller: timed out, or invoked as events.
      return invoker.settle(withinMs);
    },
  };
}
