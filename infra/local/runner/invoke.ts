import { setTimeout as delay } from "node:timers/promises";
import type { Context } from "aws-lambda";
import { withServices, type Services } from "#functions/runtime/services.ts";
import type { Log } from "#shared/log.ts";
import type { Topology } from "./topology-types.ts";

/** A Lambda handler as `functions/**` export it; its event depends on its trigger. */
export type Handler = { bivariant(event: unknown, context: Context): unknown }["bivariant"];

/** Runs a function of the topology on an event, as Lambda does: rejects with what the handler threw, or at its timeout. */
export type Invoke = (name: string, event: unknown) => Promise<unknown>;

export const LOCAL_REGION = "us-east-1";
export const LOCAL_ACCOUNT = "000000000000";

export type Invoker = {
  invoke: Invoke;
  has: (name: string) => boolean;
  /** Resolves when no handler is running, at the latest after `withinMs`; returns how many still are. */
  settle: (withinMs: number) => Promise<number>;
};

/** Each invocation gets a fresh context, whose remaining time counts down from the function's own timeout. */
export function makeInvoker(options: {
  functions: Topology["functions"];
  handlers: ReadonlyMap<string, Handler>;
  services: Partial<Services>;
  log: Log;
  newId: () => string;
}): Invoker {
  const running = new Set<Promise<unknown>>();
  return {
    has: (name) => options.handlers.has(name),
    async invoke(name, event) {
      const handler = options.handlers.get(name);
      const spec = options.functions[name];
      if (!handler || !spec) throw new Error(`Function "${name}" not found`);
      const timeoutMs = spec.timeoutSeconds * 1000;
      const context = makeContext(name, spec.memoryMb, timeoutMs, options.newId());
      const work = withServices(options.services, async () => handler(event, context));
      const settled = work.then(
        () => {},
        () => {},
      );
      running.add(settled);
      void settled.then(() => running.delete(settled));
      try {
        return await withTimeout(work, timeoutMs, name);
      } catch (error) {
        options.log.error("invocation.failed", {
          function: name,
          aws_request_id: context.awsRequestId,
          error,
        });
        throw error;
      }
    },
    async settle(withinMs) {
      const enough = new AbortController();
      await Promise.race([
        Promise.all(running),
        delay(withinMs, undefined, { signal: enough.signal }).catch(() => {}),
      ]);
      enough.abort();
      return running.size;
    },
  };
}

/** Lambda ends a function at its timeout. One process cannot: the caller continues as on AWS, and what the function does later is ignored. */
async function withTimeout(work: Promise<unknown>, timeoutMs: number, name: string): Promise<unknown> {
  const done = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`${name}: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`);
  });
  timeout.catch(() => {});
  try {
    return await Promise.race([work, timeout]);
  } finally {
    done.abort();
  }
}

function makeContext(name: string, memoryMb: number, timeoutMs: number, requestId: string): Context {
  const deadline = performance.now() + timeoutMs;
  return {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: "$LATEST",
    invokedFunctionArn: `arn:aws:lambda:${LOCAL_REGION}:${LOCAL_ACCOUNT}:function:${name}`,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: "local",
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
    done: notOnThisRuntime,
    fail: notOnThisRuntime,
    succeed: notOnThisRuntime,
  };
}

/** Removed from the Node runtime with version 24; still in the type. */
function notOnThisRuntime(): never {
  throw new Error("Handlers return a promise: context.done, fail and succeed do not exist on Node 24");
}
