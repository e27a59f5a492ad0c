import { Metrics } from "@aws-lambda-powertools/metrics";
import type { LogEvent } from "./log-events.ts";
import { logMetrics, METRIC_NAMESPACE, SERVICE, type LogMetric } from "./log-metrics.ts";
import type { LogFields } from "./log.ts";

const metricsOf: Partial<Record<LogEvent, readonly LogMetric[]>> = logMetrics;

/**
 * The fields that make a log line a set of CloudWatch metrics too (embedded metric format, by powertools): its numbers under the
 * metrics' names, and the `_aws` member that declares them by service and stage. Empty for events without metrics.
 */
export function embedMetrics(stage: string, event: LogEvent, fields: LogFields, at: Date): LogFields {
  const values = (metricsOf[event] ?? []).flatMap((metric) => {
    const value = metric.field ? fields[metric.field] : 1;
    const applies = metric.status === undefined || metric.status === fields.status;
    return applies && typeof value === "number" ? [{ metric, value }] : [];
  });
  if (values.length === 0) return {};
  const metrics = new Metrics({
    namespace: METRIC_NAMESPACE,
    serviceName: SERVICE,
    defaultDimensions: { stage },
  });
  for (const by of new Set(values.flatMap(({ metric }) => metric.by ?? []))) {
    metrics.addDimensions({}).addDimensions({ [by]: String(fields[by]) });
  }
  for (const { metric, value } of values) metrics.addMetric(metric.name, metric.unit, value);
  // The logger writes the service on every line, and drops it here with a warning.
  const { service: _, ...rest } = metrics.setTimestamp(at).serializeMetrics();
  return rest;
}
