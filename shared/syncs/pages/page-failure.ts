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
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { completeWork, postponeWork } from "#shared/syncs/operations/work.ts";
import { sendPages } from "#shared/syncs/operations/send-work.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";

export type PageFailure = {
  error: unknown;
  works: readonly ClaimedWork[];
  /** What failed was the work on all of a batch, such as fetching its bodies. */
  isBatch: boolean;
  operation: Operation;
};

/** Tries of one page within one operation; with the delays between them about a quarter of an hour. */
export const MAX_PAGE_ATTEMPTS = 5;

/** These concern the source, not the page: the operation ends, and nobody tries the next page with the same credentials. */
const SOURCE_CODES = new Set([
  "credentials_rejected",
  "credentials_missing",
  "scope_missing",
  "token_undecryptable",
  "address_refused",
  "source_deleted",
]);

/** A listing showed the page: replicas of Confluence differ for a while, permissions come back, proxies answer for it. */
const LISTED_BUT_REFUSED = new Set(["not_visible", "not_found", "forbidden", "invalid_answer"]);

/** By remedy: end the operation, record the page as failed (its old chunks stay), or try it again later. */
export async function settlePageFailure(
  failure: PageFailure,
  services: SyncServices,
): Promise<"go on" | "stop"> {
  const { error, works, operation } = failure;
  const permanent = error instanceof PermanentError;
  if (permanent && SOURCE_CODES.has(error.code)) {
    await failOperation(operation.operationId, error, services);
    return "stop";
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
    await postponeWork(services.sql, operation.operationId, [work.pageId], {
      notBefore,
      mine: true,
      refund: false,
      now,
    });
    const delaySeconds = (notBefore.getTime() - now.getTime()) / 1000;
    await sendPages(services, operation, [work.pageId], { now, delaySeconds });
  }
  if (firstRetry) await announceRetry(failure, firstRetry, services);
  return "go on";
}

/** One line for all pages of the failure. */
async function announceRetry(failure: PageFailure, state: Failing, services: SyncServices): Promise<void> {
  const { error, works, isBatch, operation } = failure;
  services.log.warn("page.retrying", {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    pages: works.map((work) => work.pageId),
    ...retryFields(error, state),
  });
  // A listing that runs beside the pages has a state of its own; and one page that fails by itself is the page's business.
  if (operation.status === "processing" && (isBatch || isEmbeddingFailing(state)))
    await recordFailing(services.sql, operation.operationId, state, {
      now: services.now(),
      unlessKnown: true,
    });
}

/** Whether trying again is in vain: also for faults of our own code, which nobody foresaw. */
function isForGood(error: unknown): boolean {
  if (error instanceof TransientError) return false;
  return !(error instanceof PermanentError && LISTED_BUT_REFUSED.has(error.code));
}

/** The page's reason and the end of its work, together; the next sync tries it again, whatever its listing says. */
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
    permanent: isForGood(error),
  };
  await transaction(services.sql, async (tx) => {
    const mine = await completeWork(
      tx,
      { operationId: operation.operationId, pageId: work.pageId },
      { state: "failed", outcome: reason.code, reason: reason.message, counters: {}, now },
    );
    if (!mine) return;
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
