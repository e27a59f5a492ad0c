import middy from "@middy/core";
import type { Invocation } from "./queue.ts";
import {
  beginInvocation,
  resolveServices,
  type Provider,
  type Services,
  type ServicesOf,
} from "./services.ts";

type ScheduledFunction<K extends keyof Services, R> = {
  needs: readonly Provider<K>[];
  run: (services: ServicesOf<K>, invocation: Invocation) => Promise<R>;
};

/** The one way to handle a schedule. A job that fails must fail: Lambda retries it, and the alarm sees it. */
export function scheduleHandler<K extends keyof Services, R>(definition: ScheduledFunction<K, R>) {
  return middy<unknown, R, Error>().handler(async (_event, context) => {
    beginInvocation(context);
    const services = await resolveServices(definition.needs);
    try {
      return await definition.run(services, { remainingMs: () => context.getRemainingTimeInMillis() });
    } catch (error) {
      services.log.error("invocation.failed", { function: context.functionName, error });
      throw error;
    }
  });
}
