import { transaction } from "#shared/db/connect.ts";
import { recordPageError } from "#shared/documents/page-states.ts";
import { errorCode, errorMessage, PermanentError, TransientError } from "#shared/errors.ts";
import {
  failingAfter,
  isEmbeddingFailing,
  recordFailing,
  retryFields,
  type Failing,
} from "#shared/syncs/operations/failing.ts";
import { later } from "#shared/syncs/later.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import { failOperation } from "#shared/syncs/operations/fail-operation.ts";
import { retryDelayMs } from "#shared/syncs/operations/waiting.ts";
import type { Source } from "#shared/sources/source.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { completeWork, requeueWork } from "#shared/syncs/operations/work.ts";
import { sendPages } from "#shared/syncs/operations/send-work.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";

export type PageFailure = {
  error: unknown;
  works: readonly ClaimedWork[];
  /** The work on a whole batch failed, such as fetching its bodies. */
  isBatch: boolean;
  operation: Operation;
  /** As the worker had read it: its secret may have been replaced since. */
  source: Pick<Source, "encryptedToken">;
};

/** Attempts at one page within one operation; with the delays between them about a quarter of an hour. */
export const MAX_PAGE_ATTEMPTS = 5;

/** Codes that concern the source, not the page: the operation ends, and no other page is tried with the same credentials. */
export const SOURCE_CODES = new Set([
  "credentials_rejected",
  "credentials_missing",
  "scope_missing",
  "token_undecryptable",
  "address_refused",
  "source_deleted",
]);

/** Codes that may be temporary for a listed page: Confluence's replicas differ for a while, permissions return, a proxy replied. */
const LISTED_BUT_REFUSED = new Set(["not_visible", "not_found", "forbidden", "invalid_answer"]);

/** By remedy: end the operation, record the page as failed (its old chunks stay), or retry it later. */
export async function settlePageFailure(
  failure: PageFailure,
  services: SyncServices,
): Promise<"continue" | "stop"> {
  const { error, works, operation } = failure;
  const permanent = error instanceof PermanentError;
  if (permanent && SOURCE_CODES.has(error.code)) {
    const retry = await failOperation(operation.operationId, error, services, failure.source);
    return retry === null ? "stop" : settlePageFailure({ ...failure, error: retry }, services);
  }
  const now = services.now();
  let firstRetry: Failing | null = null;
  for (const work of works) {
    if (permanent || work.attempts >= MAX_PAGE_ATTEMPTS) {
      await recordFailure(failure, work, services);
      continue;
    }
    const notBefore = later(now, retryDelayMs(work.attempts, services.random));
    firstRetry ??= failingAfter(error, work.attempts, MAX_PAGE_ATTEMPTS, notBefore);
    await requeueWork(services.sql, operation.operationId, [work.pageId], {
      notBefore,
      holdsClaims: true,
      countsAttempt: true,
      now,
    });
    const delaySeconds = (notBefore.getTime() - now.getTime()) / 1000;
    await sendPages(services, operation, [work.pageId], { now, delaySeconds });
  }
  if (firstRetry) await announceRetry(failure, firstRetry, services);
  return "continue";
}

/** Logs one line for all pages of the failure. */
async function announceRetry(failure: PageFailure, state: Failing, services: SyncServices): Promise<void> {
  const { error, works, isBatch, operation } = failure;
  services.log.warn("page.retrying", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    pages: works.map((work) => work.pageId),
    ...retryFields(error, state),
  });
  // A concurrent listing has its own state, and a failure of a single page is recorded on that page.
  if (operation.status === "processing" && (isBatch || isEmbeddingFailing(state)))
    await recordFailing(services.sql, operation.operationId, state, {
      now: services.now(),
      unlessKnown: true,
    });
}

/** Whether a retry cannot succeed: also for unexpected errors of this code. */
function isPermanent(error: unknown): boolean {
  if (error instanceof TransientError) return false;
  return !(error instanceof PermanentError && LISTED_BUT_REFUSED.has(error.code));
}

/** Records the page's error and ends its work in one transaction; the next sync retries the page, whatever its listing shows. */
export async function recordFailure(
  failure: PageFailure,
  work: ClaimedWork,
  services: SyncServices,
): Promise<void> {
  const { error, operation } = failure;
  const now = services.now();
  const reason = {
    code: errorCode(error),
    message: errorMessage(error),
    permanent: isPermanent(error),
  };
  await transaction(services.sql, async (tx) => {
    const ended = await completeWork(
      tx,
      { operationId: operation.operationId, pageId: work.pageId },
      { state: "failed", outcome: reason.code, reason: reason.message, counters: {}, now },
    );
    if (!ended) return;
    await recordPageError(tx, {
      sourceId: operation.sourceId,
      pageId: work.pageId,
      title: work.title,
      ...(work.listedVersion === null ? {} : { version: work.listedVersion }),
      error: reason,
      now,
    });
  });
  services.log.warn("page.failed", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    page_id: work.pageId,
    attempts: work.attempts,
    error,
  });
}
