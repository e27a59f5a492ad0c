import { transaction, type Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage, type PermanentError, type TransientError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { setSourceStatus } from "#shared/sources/sources.ts";
import type { SourceStatus } from "#shared/sources/source.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { endOperation } from "./end-operation.ts";

type Failure = PermanentError | TransientError;

export type FailedOperation = { operationId: string; sourceId: string; error: Failure };

type StatusOfFailure = Exclude<SourceStatus, "active" | "deleting">;

const SOURCE_STATUSES: Readonly<Record<string, StatusOfFailure>> = {
  credentials_rejected: "credentials_expired",
  credentials_missing: "credentials_expired",
  space_unavailable: "space_unavailable",
};

/** The status of a source (its site's, where the credentials are refused) that follows from an error, or null. */
export function statusAfter({ code }: { code: string }): StatusOfFailure | null {
  return SOURCE_STATUSES[code] ?? null;
}

/**
 * Ends a running operation as failed, with an event and a log line; the source's status is set where the error concerns the
 * source. Stored pages stay, open work is dropped, the watermark does not move. Does nothing when the operation has already
 * ended: of several workers with the same error the first ends the operation and reports it.
 */
export async function failOperation(
  operationId: string,
  error: Failure,
  services: Pick<SyncServices, "sql" | "log" | "now">,
): Promise<void> {
  const now = services.now();
  const failed = await transaction(services.sql, (tx) => failOperationIn(tx, { operationId, error, now }));
  if (failed) logFailed(failed, services.log);
}

/** The part of `failOperation` that needs a transaction: the caller's. After its commit comes `logFailed`. */
export async function failOperationIn(
  tx: Sql,
  failure: { operationId: string; error: Failure; now: Date },
): Promise<FailedOperation | null> {
  const { operationId, error, now } = failure;
  const reason = { code: errorCode(error), message: errorMessage(error) };
  const ended = await endOperation(tx, { operationId, status: "failed", error: reason, now });
  if (!ended) return null;
  const { sourceId, type } = ended;
  const ids = { source_id: sourceId, operation_id: operationId };
  const status = statusAfter(error);
  if (status) await setSourceStatus(tx, sourceId, status, now);
  if (status === "credentials_expired")
    await writeEvent(tx, { type: "source.credentials_expired", detail: ids, now });
  await writeEvent(tx, { type: "sync.failed", detail: { ...ids, operation_type: type, ...reason }, now });
  return { operationId, sourceId, error };
}

/** Logs a committed failure, and that the source needs attention: a new token, or access to its space. */
export function logFailed({ operationId, sourceId, error }: FailedOperation, log: Log): void {
  const fields = { source_id: sourceId, operation_id: operationId, code: error.code, error };
  const status = statusAfter(error);
  if (status === "credentials_expired") log.error("source.credentials_expired", fields);
  if (status === "space_unavailable") log.error("source.space_unavailable", fields);
  // Deleting a source is a person's decision, not an error.
  const level = error.code === "source_deleted" ? "info" : "error";
  log[level]("operation.finished", { ...fields, status: "failed" });
}
