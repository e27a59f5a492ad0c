import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { MathExpression, Stats } from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { DatabaseCluster } from "aws-cdk-lib/aws-rds";
import { EXTRACT_FUNCTION, type FunctionName } from "#infra/topology.ts";
import type { QueueName } from "#shared/messages.ts";
import { QUEUE_IMPACTS } from "#shared/queue/queue-impacts.ts";
import type { AlarmSpec } from "./alarms.ts";
import { syncMetric } from "./metrics.ts";
import type { WorkQueue } from "./queue-worker.ts";
import type { Settings } from "./settings.ts";

const FIVE_MINUTES = Duration.minutes(5);

const IDLE_IS_FINE = { is: "fine", because: "nothing runs when nothing is to be done" } as const;

/** Of a queue with its worker: messages that could not be processed, and messages that are not received. */
export function queueAlarms(
  name: QueueName,
  { queue, deadLetters, spec }: WorkQueue,
  worker: LambdaFunction,
): AlarmSpec[] {
  return [
    {
      kind: "dead-letters",
      subject: name,
      meaning: `Messages failed ${spec.maxReceiveCount} times. ${QUEUE_IMPACTS[name]}`,
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: FIVE_MINUTES,
        statistic: Stats.MAXIMUM,
      }),
      threshold: 1,
      periods: 1,
      missing: { is: "fine", because: "SQS reports nothing for a queue that has long been empty" },
    },
    {
      kind: "queue-stalled",
      subject: name,
      meaning: `Messages wait and the worker does not run. ${QUEUE_IMPACTS[name]}`,
      metric: new MathExpression({
        // Age alone is not a fault: a first sync of a large space has messages wait for hours while workers are busy.
        expression: "IF(waiting > 0 AND FILL(runs, 0) == 0, 1, 0)",
        usingMetrics: {
          waiting: queue.metricApproximateNumberOfMessagesVisible({
            period: FIVE_MINUTES,
            statistic: Stats.MINIMUM,
          }),
          runs: worker.metricInvocations({ period: FIVE_MINUTES }),
        },
        period: FIVE_MINUTES,
      }),
      threshold: 1,
      periods: 3,
      missing: IDLE_IS_FINE,
    },
  ];
}

/**
 * Invocations of five minutes that end in a crash or at a limit: 3 % of some 600 files. Single files do that, and are recorded as
 * unreadable; more of them are a fault of the function, and each of their files loses its text.
 */
const CRASHED_FILES = 20;

/** Of a function in the background: a caller of the API sees its errors, but no one sees these. */
export function backgroundAlarms(name: FunctionName, lambda: LambdaFunction): AlarmSpec[] {
  return [
    {
      kind: "function-errors",
      subject: name,
      meaning: `Function ${name} keeps failing as a whole (a record that fails alone is no error of the function).`,
      metric: lambda.metricErrors({ period: FIVE_MINUTES }),
      threshold: name === EXTRACT_FUNCTION ? CRASHED_FILES : 1,
      periods: 3,
      missing: IDLE_IS_FINE,
    },
    {
      kind: "function-throttled",
      subject: name,
      meaning: `Lambda refuses to run ${name}: the account's or the function's concurrency is used up.`,
      metric: lambda.metricThrottles({ period: FIVE_MINUTES }),
      threshold: 10,
      periods: 3,
      missing: IDLE_IS_FINE,
    },
  ];
}

/** Of the sweeper: without it lost messages stay lost and operations stay open. It runs each minute. */
export function sweepSilentAlarm(sweep: LambdaFunction): AlarmSpec {
  return {
    kind: "sweep-silent",
    meaning: "The sweeper does not run: lost work stays lost, finished syncs stay open, events wait.",
    metric: sweep.metricInvocations({ period: FIVE_MINUTES }),
    threshold: 1,
    comparison: "below",
    periods: 2,
    missing: { is: "alarming", because: "a rule that fires each minute has no silent five minutes" },
  };
}

/** Of the HTTP API. */
export function apiAlarms(api: HttpApi): AlarmSpec[] {
  return [
    {
      kind: "api-errors",
      meaning: "More than 1 % of the API's responses are server errors (5xx).",
      metric: new MathExpression({
        expression: "IF(calls >= 20, 100 * failed / calls, IF(failed >= 3, 100, 0))",
        usingMetrics: {
          failed: api.metricServerError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
          calls: api.metricCount({ period: FIVE_MINUTES, statistic: Stats.SUM }),
        },
        period: FIVE_MINUTES,
      }),
      threshold: 1,
      periods: 2,
      missing: IDLE_IS_FINE,
    },
    {
      kind: "api-slow",
      meaning: "One in a hundred calls of the API takes longer than five seconds.",
      metric: api.metricLatency({ period: FIVE_MINUTES, statistic: "p99" }),
      threshold: 5000,
      periods: 3,
      missing: IDLE_IS_FINE,
    },
  ];
}

/** Of the service's purpose, by its own measurement every five minutes. */
export function healthAlarms({ stage }: Settings): AlarmSpec[] {
  const measured = { period: Duration.minutes(10), statistic: Stats.MAXIMUM };
  const otherwiseReported = {
    is: "fine",
    because: "sources-overdue is raised when measurements stop",
  } as const;
  return [
    {
      kind: "sources-overdue",
      meaning:
        "A scheduled source had no successful sync for three of its intervals, or nothing measures it any more.",
      metric: syncMetric(stage, "overdue_sources", measured),
      threshold: 1,
      periods: 2,
      missing: {
        is: "alarming",
        because: "the measurement writes zeros: no data means that it does not run",
      },
    },
    {
      kind: "credentials-expired",
      meaning: "Confluence refuses a source's token: its space is not synced until someone sets a new one.",
      metric: syncMetric(stage, "expired_sources", measured),
      threshold: 1,
      periods: 1,
      missing: otherwiseReported,
    },
    {
      kind: "deletions-held",
      meaning: "A deletion check found so many pages missing that it did nothing and waits for a person.",
      metric: syncMetric(stage, "held_sources", measured),
      threshold: 1,
      periods: 1,
      missing: otherwiseReported,
    },
    {
      kind: "pages-failing",
      meaning: "More than 50 pages could not be stored and keep their previous content in search.",
      metric: syncMetric(stage, "failed_pages", measured),
      threshold: 50,
      periods: 3,
      missing: otherwiseReported,
    },
    {
      kind: "events-unsent",
      meaning: "Events have waited for 15 minutes: receivers on the bus know nothing of them.",
      metric: syncMetric(stage, "oldest_unsent_event_seconds", measured),
      threshold: 900,
      periods: 1,
      missing: otherwiseReported,
    },
    {
      kind: "token-expires",
      meaning: "An API token ends within 14 days: then no space of its site is synced until it is replaced.",
      metric: syncMetric(stage, "expiring_tokens", measured),
      threshold: 1,
      periods: 1,
      missing: otherwiseReported,
    },
    {
      kind: "pulse-overdue",
      meaning:
        "A site was not asked for 20 minutes what changed: edits are found at the intervals of its sources.",
      metric: syncMetric(stage, "overdue_pulses", measured),
      threshold: 1,
      periods: 2,
      missing: otherwiseReported,
    },
    {
      kind: "checks-overdue",
      meaning: "A source's weekly deletion check is two days late: deleted pages may still be found.",
      metric: syncMetric(stage, "overdue_checks", measured),
      threshold: 1,
      periods: 3,
      missing: otherwiseReported,
    },
    {
      kind: "hook-silent",
      meaning:
        "Syncs find edits that a hook does not announce any more: they are findable minutes or a day late.",
      metric: syncMetric(stage, "silent_hooks", measured),
      threshold: 1,
      periods: 3,
      missing: otherwiseReported,
    },
    {
      kind: "rights-overdue",
      meaning:
        "The rights of a source were not read completely for an hour: who lost a right in Confluence may still find pages.",
      metric: syncMetric(stage, "overdue_sweeps", measured),
      threshold: 1,
      periods: 2,
      missing: otherwiseReported,
    },
    {
      kind: "sources-withheld",
      meaning: "Search shows nothing of a source any more, because what is known of its rights is too old.",
      metric: syncMetric(stage, "withheld_sources", measured),
      threshold: 1,
      periods: 1,
      missing: otherwiseReported,
    },
    {
      kind: "directory-stale",
      meaning:
        "The groups of a site were not read for 20 minutes: who left a group may still find its pages.",
      metric: syncMetric(stage, "stale_directories", measured),
      threshold: 1,
      periods: 2,
      missing: otherwiseReported,
    },
    {
      kind: "edits-late",
      meaning:
        "One in twenty edits of the last hour was findable later than 15 minutes after it was made, though a pulse watches its space.",
      metric: syncMetric(stage, "findable_p95_seconds", measured),
      threshold: 900,
      periods: 3,
      missing: otherwiseReported,
    },
  ];
}

/** Of the cost of embeddings: the only part of the bill that a loop or a mistake can multiply within a day. */
export function costAlarms({ stage, embeddingsDollarsPerDay }: Settings): AlarmSpec[] {
  return [
    {
      kind: "embedding-cost",
      meaning: `Embeddings cost more than $${embeddingsDollarsPerDay} within a day.`,
      metric: syncMetric(stage, "embedding_dollars", { period: Duration.days(1) }),
      threshold: embeddingsDollarsPerDay,
      periods: 1,
      missing: { is: "fine", because: "nothing was embedded, or the price of the model is not known" },
    },
  ];
}

/** Of the database that this stack created. */
export function databaseAlarms(cluster: DatabaseCluster): AlarmSpec[] {
  return [
    {
      kind: "database-strained",
      meaning: "Aurora runs at its largest capacity: syncs and searches slow down.",
      metric: cluster.metric("ACUUtilization", { period: FIVE_MINUTES, statistic: Stats.AVERAGE }),
      threshold: 90,
      periods: 6,
      missing: { is: "fine", because: "a paused cluster reports nothing" },
    },
  ];
}
