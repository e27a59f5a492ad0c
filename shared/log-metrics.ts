import type { LogEvent } from "./log-events.ts";
import type { CountedMetric } from "./sync-metrics.ts";

/** CloudWatch namespace of everything below. */
export const METRIC_NAMESPACE = "ConfluenceSync";
/** Powertools gives each metric the service as a dimension, beside ours: the stage. */
export const SERVICE = "confluence-sync";

type Unit = "Count" | "Seconds" | "Bytes" | "None";

/**
 * A number in a log line: one of its fields, or 1 for the line itself if its status is `status` (where given). `by` names another
 * field of the line, by which the metric is also broken down.
 */
export type LogMetric = { name: string; unit: Unit; field?: string; status?: string; by?: string };

type Named<N extends string> = LogMetric & { name: N };

const field = <N extends string>(name: N, unit: Unit = "Count"): Named<N> => ({ name, unit, field: name });
/** A field of `operation.finished`. */
const counted = <N extends CountedMetric>(name: N) => field(name);
const each = <N extends string>(name: N, status?: string): Named<N> => ({
  name,
  unit: "Count",
  ...(status ? { status } : {}),
});

/** Log events that are also metrics: written by the log, shown on the dashboard, watched by the alarms. */
export const logMetrics = {
  "operation.finished": [
    each("operations_finished"),
    each("operations_failed", "failed"),
    counted("pages_added"),
    counted("pages_updated"),
    counted("pages_deleted"),
    counted("pages_hidden"),
    counted("files_failed"),
    counted("comments_failed"),
    counted("embeddings_created"),
    counted("embeddings_reused"),
    counted("api_calls_made"),
  ],
  "source.paused": [each("rate_limited")],
  "record.failed": [each("records_failed")],
  "record.malformed": [each("records_malformed")],
  "page.failed": [each("page_failures")],
  "page.text_lost": [each("pages_with_lost_text")],
  "page.rendered_missing": [each("pages_without_rendered_body")],
  "confluence.call_refused": [each("optional_calls_refused")],
  "file.extracted": [
    { ...each("files_extracted"), by: "result" },
    field("extraction_seconds", "Seconds"),
    field("file_bytes", "Bytes"),
  ],
  "file.not_downloaded": [each("files_not_downloaded")],
  "deletions.held": [each("holds_announced")],
  "search.failed": [each("searches_failed")],
  "embeddings.created": [
    { ...field("embedding_tokens"), by: "model" },
    { ...field("embedding_dollars", "None"), by: "model" },
  ],
  "sweep.resent": [each("work_resent")],
  "health.measured": [
    field("overdue_sources"),
    field("max_lag_seconds", "Seconds"),
    field("expired_sources"),
    field("unavailable_sources"),
    field("held_sources"),
    field("overdue_checks"),
    field("failed_pages"),
    field("open_pages"),
    field("oldest_unsent_event_seconds", "Seconds"),
    field("overdue_pulses"),
    field("silent_hooks"),
    field("overdue_sweeps"),
    field("withheld_sources"),
    field("stale_directories"),
    field("expiring_tokens"),
    field("findable_p50_seconds", "Seconds"),
    field("findable_p95_seconds", "Seconds"),
    field("findable_max_seconds", "Seconds"),
  ],
} as const satisfies Partial<Record<LogEvent, readonly LogMetric[]>>;

export type MetricName = (typeof logMetrics)[keyof typeof logMetrics][number]["name"];
