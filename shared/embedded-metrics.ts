import type { LogEvent } from "./log-events.ts";
import { logMetrics, METRIC_NAMESPACE, type LogMetric } from "./log-metrics.ts";
import type { LogFields } from "./log.ts";

const metricsOf: Partial<Record<LogEvent, readonly LogMetric[]>> = logMetrics;

/**
 * What makes a log line a set of CloudWatch metrics too (embedded metric format): its numbers under the metrics' names, and the
 * `_aws` member that declares them by stage. Empty for events that are no metrics.
 */
export function embedMetrics(stage: string, event: LogEvent, fields: LogFields, at: Date): LogFields {
  const values = (metricsOf[event] ?? []).flatMap((metric) => {
    const value = metric.field ? fields[metric.field] : 1;
    const applies = metric.status === undefined || metric.status === fields.status;
    return applies && typeof value === "number" ? [{ metric, value }] : [];
  });
  if (values.length === 0) return {};
  return {
    stage,
    ...Object.fromEntries(values.map(({ metric, value }) => [metric.name, value])),
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [["stage"]],
          Metrics: values.map(({ metric }) => ({ Name: metric.name, Unit: metric.unit })),
        },
      ],
    },
  };
}
