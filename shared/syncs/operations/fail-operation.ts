import { transaction, type Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage, TransientError, type PermanentError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { setSourceStatus } from "#shared/sources/sources.ts";
import type { Source, SourceStatus } from "#shared/sources/source.ts";
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

/** Errors of the secret that a worker had opened, not of the one that the site may have by now. */
const OF_THE_SECRET = new Set([
  "credentials_rejected",
  "credentials_missing",
  "scope_missing",
  "token_undecryptable",
]);

/**
 * Ends a running operation as failed, with an event and a log line; the source's status is set where the error concerns the
 * source. Stored pages stay, open work is dropped, the watermark does not move. Does nothing when the operation has already
 * ended: of several workers with the same error the first ends the operation and reports it.
 *
 * `opened`: what the worker had read of the source. Where Confluence refused its secret and the site has another one now, nothing
 * is ended: returns the transient error to try again by, with the new secret. Else null.
 */
export async function failOperation(
  operationId: string,
  error: Failure,
  services: Pick<SyncServices, "sql" | "log" | "now">,
  opened?: Pick<Source, "encryptedToken">,
): Promise<TransientError | null> {
  const now = services.now();
  try {
    const failed = await transaction(services.sql, async (tx) => {
      const ended = await failOperationIn(tx, { operationId, error, now });
      // Behind the rows of the operation, as everywhere; so it is undone where the secret was replaced.
      if (ended && opened && OF_THE_SECRET.has(error.code))
        await requireSameSecret(tx, ended.sourceId, opened);
      return ended;
    });
    if (failed) logFailed(failed, services.log);
    return null;
  } catch (replaced) {
    if (replaced instanceof TransientError && replaced.code === "credentials_replaced") return replaced;
    throw replaced;
  }
}

/** Throws TransientError `credentials_replaced` where the source's site has another secret than the one that was opened. */
async function requireSameSecret(
  tx: Sql,
  sourceId: string,
  { encryptedToken }: Pick<Source, "encryptedToken">,
): Promise<void> {
  const [site] = await tx<{ replaced: boolean }[]>`
    select c.encrypted_secret is distinct from ${encryptedToken} as replaced
    from archon_sources s join confluence_sites c using (site_id)
    where s.source_id = ${sourceId} and c.status <> 'deleting' for no key update of c`;
  if (site?.replaced)
    throw new TransientError(
      "credentials_replaced",
      "The token that Confluence refused was replaced meanwhile",
    );
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
