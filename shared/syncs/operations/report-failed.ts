import type { Log } from "#shared/log.ts";

/** Logs that an operation failed for good, and that the source needs a person: a new token, or access to its space. */
export function reportFailed(
  log: Log,
  operation: { operationId: string; sourceId: string },
  reason: { code: string; error: unknown },
): void {
  const fields = { source_id: operation.sourceId, operation_id: operation.operationId, ...reason };
  if (reason.code === "credentials_rejected" || reason.code === "credentials_missing")
    log.error("source.credentials_expired", fields);
  if (reason.code === "space_unavailable") log.error("source.space_unavailable", fields);
  // Deleting a source is a person's decision, not an error.
  const level = reason.code === "source_deleted" ? "info" : "error";
  log[level]("operation.finished", { ...fields, status: "failed" });
}
