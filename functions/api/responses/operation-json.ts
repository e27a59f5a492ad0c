import type { z } from "zod";
import type { OperationProgress } from "#shared/syncs/operations/progress-tracker.ts";
import type { operationSchema } from "#functions/api/contract/operations.ts";

/** An operation as the API answers it, with the fields that clients of Archon's progress endpoint read. */
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

/** While it runs a client that asks once a second misses nothing; once it has ended there is nothing to ask for. */
export function pollHeaders(progress: OperationProgress | null): Record<string, string> {
  return { "x-poll-interval": progress && progress.finished_at === null ? "1000" : "0" };
}
