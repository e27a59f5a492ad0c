import { transaction, type Sql } from "#shared/db/connect.ts";
import { recordPageError } from "#shared/documents/page-states.ts";
import { containerOfComments } from "#shared/content-kinds.ts";
import { queueOutdatedDocument } from "#shared/syncs/comments/list-comments.ts";
import { NOT_CURRENT } from "#shared/syncs/listing/compare-listing.ts";
import { completeWork } from "#shared/syncs/operations/work.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import type { Batch } from "./page-batch.ts";

/** Ends a page's work, with the calls made and the tokens embedded since the page before; false when it had already ended (cancelled, taken over). */
export async function completePage(
  tx: Sql,
  batch: Batch,
  work: ClaimedWork,
  result: { outcome: string; counters: Record<string, number>; reason?: string },
): Promise<boolean> {
  const calls = batch.client.callsMade() - batch.callsCounted;
  const tokens = batch.tokensToCount;
  const open = await completeWork(
    tx,
    { operationId: batch.operation.operationId, pageId: work.pageId },
    {
      state: "done",
      outcome: result.outcome,
      reason: result.reason ?? null,
      counters: {
        ...result.counters,
        api_calls_made: calls,
        ...(tokens > 0 ? { embedding_tokens: tokens } : {}),
      },
      now: batch.services.now(),
    },
  );
  batch.callsCounted += calls;
  batch.tokensToCount -= tokens;
  // What a listing stored meanwhile added no work, as this one had not ended.
  if (open && work.kind === "comments")
    await queueOutdatedDocument(tx, batch.operation, containerOfComments(work.pageId), batch.services.now());
  return open;
}

/**
 * `completePage` within a transaction that may be tried several times: what it counted is counted anew by the next attempt, or, after
 * `giveBack`, by whatever ends the page.
 */
export function completedOnce(batch: Batch, work: ClaimedWork) {
  let counted = { calls: 0, tokens: 0 };
  const giveBack = () => {
    batch.callsCounted -= counted.calls;
    batch.tokensToCount += counted.tokens;
    counted = { calls: 0, tokens: 0 };
  };
  const complete = async (tx: Sql, result: Parameters<typeof completePage>[3]) => {
    giveBack();
    const { callsCounted, tokensToCount } = batch;
    const open = await completePage(tx, batch, work, result);
    counted = { calls: batch.callsCounted - callsCounted, tokens: tokensToCount - batch.tokensToCount };
    return open;
  };
  return { complete, giveBack };
}

/** Ends the work of a page that is not here any more: the page stays as it is, because only a deletion check deletes. */
export async function skipPage(batch: Batch, work: ClaimedWork, message: string): Promise<void> {
  const { services, operation } = batch;
  await transaction(services.sql, async (tx) => {
    await completePage(tx, batch, work, { outcome: "skipped", counters: {}, reason: message });
    // The watermark moves past it, so each sync looks at it again until a check has decided.
    const error = { code: NOT_CURRENT, message, permanent: false };
    await recordPageError(tx, {
      sourceId: operation.sourceId,
      pageId: work.pageId,
      ...(work.listedVersion === null ? {} : { version: work.listedVersion }),
      error,
      now: services.now(),
    });
  });
}
