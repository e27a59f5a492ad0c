import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import {
  Dashboard,
  GraphWidget,
  MathExpression,
  SingleValueWidget,
  Stats,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Construct } from "constructs";
import { METRIC_NAMESPACE, type MetricName } from "#shared/log-metrics.ts";
import { syncMetric } from "./metrics.ts";
import type { WorkQueue } from "./queue-worker.ts";

export type SyncDashboardProps = {
  dashboardName: string;
  stage: string;
  api: HttpApi;
  queues: Record<string, WorkQueue>;
  functions: Record<string, LambdaFunction>;
};

const HOUR_SECONDS = 3600;

/** The first screen to look at: delays, results of syncs, waiting work, failures. */
export class SyncDashboard extends Construct {
  constructor(scope: Construct, id: string, props: SyncDashboardProps) {
    super(scope, id);
    const { stage, api, queues, functions } = props;
    const sum = (...names: MetricName[]) => names.map((name) => syncMetric(stage, name, { label: name }));
    const latest = (...names: MetricName[]) =>
      names.map((name) => syncMetric(stage, name, { statistic: Stats.MAXIMUM, label: name }));
    const ofQueues = (metric: (queue: WorkQueue) => IMetric) => Object.values(queues).map(metric);
    const ofFunctions = (metric: (lambda: LambdaFunction, label: string) => IMetric) =>
      Object.entries(functions).map(([name, lambda]) => metric(lambda, name));

    new Dashboard(this, "Dashboard", {
      dashboardName: props.dashboardName,
      defaultInterval: Duration.hours(12),
      widgets: [
        [
          new SingleValueWidget({
            title: "Now",
            width: 24,
            metrics: latest(
              "overdue_sources",
              "expired_sources",
              "unavailable_sources",
              "held_sources",
              "overdue_checks",
              "failed_pages",
              "open_pages",
              "overdue_pulses",
              "silent_hooks",
              "overdue_sweeps",
              "withheld_sources",
              "stale_directories",
              "expiring_tokens",
            ),
          }),
        ],
        [
          graph(
            "Pages by outcome",
            sum("pages_added", "pages_updated", "pages_deleted", "pages_hidden", "page_failures"),
          ),
          graph("Lag behind Confluence (seconds, worst source)", latest("max_lag_seconds")),
          graph(
            "From edit to findable (seconds, the last hour's edits in spaces with a pulse)",
            latest("findable_p50_seconds", "findable_p95_seconds", "findable_max_seconds"),
          ),
          graph(
            "Embeddings: created cost money, reused do not",
            sum("embeddings_created", "embeddings_reused"),
          ),
        ],
        [
          graph("Embeddings: dollars an hour, by model", [by(stage, "model", "embedding_dollars")]),
          graph("Embeddings: tokens an hour, by model", [by(stage, "model", "embedding_tokens")]),
          graph(
            "Pages that lost text, or lack what macros show; refused optional calls",
            sum("pages_with_lost_text", "pages_without_rendered_body", "optional_calls_refused"),
          ),
        ],
        [
          graph("Files read an hour, by result", [by(stage, "result", "files_extracted")]),
          graph("Files: seconds of extraction", [
            ...sum("extraction_seconds"),
            syncMetric(stage, "extraction_seconds", { statistic: "p99", label: "p99 of one file" }),
          ]),
          graph(
            "Files: bytes downloaded, and files that could not be",
            sum("file_bytes", "files_not_downloaded"),
          ),
          graph(
            "Files, and pages' comments, that could not be stored",
            sum("files_failed", "comments_failed"),
          ),
        ],
        [
          graph(
            "Calls to Confluence, and sources that wait after a 429 (its or the model's)",
            sum("api_calls_made", "rate_limited"),
          ),
          graph("Operations", sum("operations_finished", "operations_failed", "holds_announced")),
          graph("Recovered by the sweeper", sum("work_resent", "records_failed", "records_malformed")),
        ],
        [
          graph(
            "Waiting messages",
            ofQueues(({ queue }) => queue.metricApproximateNumberOfMessagesVisible()),
          ),
          graph(
            "Age of the oldest message (seconds)",
            ofQueues(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
          ),
          graph(
            "Dead letters",
            ofQueues(({ deadLetters }) => deadLetters.metricApproximateNumberOfMessagesVisible()),
          ),
        ],
        [
          graph("API: calls and errors", [
            api.metricCount(),
            api.metricClientError(),
            api.metricServerError(),
          ]),
          graph("API: latency (ms, p50 and p99)", [
            api.metricLatency({ statistic: "p50", label: "p50" }),
            api.metricLatency({ statistic: "p99", label: "p99" }),
          ]),
          graph("Searches that could not run", sum("searches_failed")),
        ],
        [
          graph(
            "Function errors",
            ofFunctions((lambda, label) => lambda.metricErrors({ label })),
          ),
          graph(
            "Function durations (ms, p99)",
            ofFunctions((lambda, label) => lambda.metricDuration({ statistic: "p99", label })),
          ),
          graph(
            "Concurrent runs",
            ofFunctions((lambda, label) =>
              lambda.metric("ConcurrentExecutions", { statistic: Stats.MAXIMUM, label }),
            ),
          ),
        ],
      ],
    });
  }
}

/** A line for each value of the field that the metric is broken down by. */
function by(stage: string, field: string, name: MetricName): MathExpression {
  const search = `{${METRIC_NAMESPACE},service,stage,${field}} MetricName="${name}" stage="${stage}"`;
  return new MathExpression({
    expression: `SEARCH('${search}', 'Sum', ${HOUR_SECONDS})`,
    usingMetrics: {},
    label: "",
    period: Duration.seconds(HOUR_SECONDS),
  });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, leftYAxis: { min: 0 } });
}
