import { Cron } from "croner";
import { LOCAL_ACCOUNT, LOCAL_REGION, type Invoke } from "./invoke.ts";
import type { Topology } from "./topology-types.ts";

type Every = Topology["schedules"][string]["every"];

/** A croner pattern in UTC. Minutes must divide an hour, so that the pattern means the same as EventBridge's rate. */
export function cronPattern(every: Every): string {
  if ("dailyAt" in every) return `${every.dailyAt.minute} ${every.dailyAt.hour} * * *`;
  if (60 % every.minutes !== 0) {
    throw new Error(`A schedule of every ${every.minutes} minutes is not supported: it must divide 60`);
  }
  return every.minutes === 60 ? "0 * * * *" : `*/${every.minutes} * * * *`;
}

/** The event that an EventBridge rule sends. */
export function scheduledEvent(name: string, id: string, time: Date) {
  return {
    version: "0",
    id,
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: LOCAL_ACCOUNT,
    time: time.toISOString().replace(/\.\d{3}Z$/, "Z"),
    region: LOCAL_REGION,
    resources: [`arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:rule/${name}`],
    detail: {},
  };
}

/** Starts the topology's schedules; a run that has not ended when the next is due is not started twice. */
export function startSchedules(options: {
  schedules: Topology["schedules"];
  invoke: Invoke;
  now: () => Date;
  newId: () => string;
}): { stop: () => void } {
  const jobs = Object.entries(options.schedules).map(
    ([name, schedule]) =>
      new Cron(cronPattern(schedule.every), { timezone: "UTC", protect: true, unref: true }, async () => {
        try {
          await options.invoke(schedule.function, scheduledEvent(name, options.newId(), options.now()));
        } catch {
          // Logged by the invoker; the next tick tries again, as EventBridge does.
        }
      }),
  );
  return {
    stop: () => {
      for (const job of jobs) job.stop();
    },
  };
}
