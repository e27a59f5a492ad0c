import type { z } from "zod";
import type { OperationProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { isRunning, type OperationStatus } from "#shared/operation-statuses.ts";
import type { operationSchema } from "#functions/api/contract/operations.ts";
import type { progressSchema } from "#functions/api/contract/progress.ts";

/** An operation as the API returns it, with the fields that clients of Archon's progress endpoint read. */
export function operationJson(progress: OperationProgress): z.input<typeof operationSchema> {
  const last = progress.log.at(-1)?.message;
  return {
    ...progress,
    progressId: progress.operation_id,
    progress: progress.percent,
    message: progress.error?.message ?? last ?? progress.stage,
    currentStep: progress.stage,
    logs: progress.log.map((line) => line.message),
    details: {
      totalPages: progress.pages_processed + progress.pages_to_process,
      processedPages: progress.pages_processed,
      embeddingsCreated: progress.sync_metrics.embeddings_created,
      chunksPerSecond: progress.chunks_per_second,
    },
  };
}

/** The corresponding status of Archon. A held check waits for a person, as a failed one does. */
function statusForArchon(status: OperationStatus): z.input<typeof progressSchema>["status"] {
  if (isRunning(status)) return "processing";
  if (status === "completed_with_errors") return "completed";
  return status === "held" ? "failed" : status;
}

/** An operation as `/api/progress` returns it: see `progressSchema`. */
export function progressJson(progress: OperationProgress): z.input<typeof progressSchema> {
  const status = statusForArchon(progress.status);
  return {
    ...operationJson(progress),
    status,
    operation_status: progress.status,
    error: status === "failed" ? (progress.error?.message ?? "The operation failed") : null,
    error_details: progress.error,
    pages_crawled: progress.pages_processed,
    total_pages: progress.pages_processed + progress.pages_to_process,
    documents_created: progress.sync_metrics.pages_added + progress.sync_metrics.pages_updated,
  };
}

/** While it runs a client that asks once a second misses nothing; once it has ended polling is pointless. */
export function pollHeaders(progress: OperationProgress | null): Record<string, string> {
  return { "x-poll-interval": progress && progress.finished_at === null ? "1000" : "0" };
}
