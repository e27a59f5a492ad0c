import type { Sql } from "#shared/db/connect.ts";
import { touchUnknown } from "#shared/documents/includers.ts";
import { queueOutdatedComments } from "#shared/syncs/comments/list-comments.ts";
import { queueOutdatedFiles } from "#shared/syncs/files/list-files.ts";
import { countListed, saveStep } from "#shared/syncs/operations/save-step.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { queueFailedPages } from "./queue-failed-pages.ts";
import { queueUnguardedPages } from "./queue-unguarded-pages.ts";
import { queueUnrenderedPages } from "./queue-unrendered-pages.ts";

/** What the end of a listing needs of its checkpoint. */
type ListedCheckpoint = { listing: "space" | "changes"; comments_missing: number };

/**
 * Fewer pages than Confluence counted, or comments without their bodies: the listing was truncated, or its index lags. The watermark
 * does not move.
 */
export async function closeListing(
  tx: Sql,
  context: StepContext,
  checkpoint: ListedCheckpoint,
  pagesExpected: number,
): Promise<void> {
  const { comments_missing: missing } = checkpoint;
  const listed = countListed(context.operation.counters) - missing;
  const isShort = listed < pagesExpected;
  const incomplete = isShort || missing > 0;
  const reason = isShort
    ? `${listed} of ${pagesExpected} pages were listed`
    : `The text of ${missing} listed comments was not returned`;
  await queueFailedPages(tx, context.operation, context.services.now());
  await queueOutdatedComments(tx, context, { everything: checkpoint.listing === "space" });
  await queueOutdatedFiles(tx, context, { everything: checkpoint.listing === "space" });
  await queueUnguardedPages(tx, context.operation, context.source, context.services.now());
  await queueUnrenderedPages(tx, context.operation, context.services.now());
  if (checkpoint.listing === "space" && !context.operation.dryRun)
    await touchUnknown(tx, context.operation.sourceId, context.services.now());
  await queueRefreshes(tx, context.operation, context.services.now());
  await saveStep(tx, context, {
    checkpoint: { ...checkpoint, phase: "listed", labels: null },
    counts: {},
    facts: { listingIncomplete: incomplete },
    ...(incomplete ? { message: `${reason}: the next sync starts from the same watermark` } : {}),
  });
}
