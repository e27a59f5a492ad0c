import { CONTENT_KINDS, type ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { touchUnknown } from "#shared/documents/includers.ts";
import { queueOutdatedComments } from "#shared/syncs/comments/list-comments.ts";
import { queueOutdatedFiles } from "#shared/syncs/files/list-files.ts";
import { countListed, saveStep } from "#shared/syncs/operations/save-step.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import type { ListCheckpoint } from "./list-checkpoint.ts";
import { queueFailedPages } from "./queue-failed-pages.ts";
import { queueUnguardedPages } from "./queue-unguarded-pages.ts";
import { queueUnrenderedPages } from "./queue-unrendered-pages.ts";

/** What the end of a listing needs of its checkpoint. */
type ListedCheckpoint = Pick<ListCheckpoint, "listing" | "comments_missing" | "of_kinds" | "repeated">;

type Count = { expected: number; listed: number };

const KIND_NAMES: Record<ContentKind, string> = {
  page: "pages",
  blogpost: "blog posts",
  comments: "comments",
  attachment: "files",
};

/**
 * Less than Confluence counted, of all together or of a kind that was listed whole, or comments without their text or page: the listing was
 * truncated, or its index lags. The watermark does not move.
 */
export async function closeListing(
  tx: Sql,
  context: StepContext,
  checkpoint: ListedCheckpoint,
  pagesExpected: number,
): Promise<void> {
  const { comments_missing: missing, repeated } = checkpoint;
  const listed = countListed(context.operation.counters) - missing - repeated;
  const reason =
    whatIsShort(checkpoint, { listed, expected: pagesExpected }) ??
    (missing > 0 ? `The text or the page of ${missing} listed comments was not returned` : null);
  await queueFailedPages(tx, context.operation, context.services.now());
  await queueOutdatedComments(tx, context, { everything: checkpoint.listing === "space" });
  await queueOutdatedFiles(tx, context, { everything: checkpoint.listing === "space" });
  await queueUnguardedPages(tx, context.operation, context.source, context.services.now());
  await queueUnrenderedPages(tx, context.operation, context.services.now());
  if (checkpoint.listing === "space" && !context.operation.dryRun)
    await touchUnknown(tx, context.operation.sourceId, context.services.now());
  await queueRefreshes(tx, context.operation, context.services.now());
  await saveStep(tx, context, {
    checkpoint: { ...checkpoint, phase: "listed", labels: null, last_ids: [] },
    counts: {},
    facts: { listingIncomplete: reason !== null },
    ...(reason !== null ? { message: `${reason}: the next sync starts from the same watermark` } : {}),
  });
}

/** What is missing of a kind that was listed whole, or of the rest; null if nothing is. */
function whatIsShort({ of_kinds: kinds }: ListedCheckpoint, rest: Count): string | null {
  let { expected, listed } = rest;
  for (const kind of CONTENT_KINDS) {
    const count = kinds[kind];
    if (!count) continue;
    if (count.listed < count.expected)
      return `${count.listed} of ${count.expected} ${KIND_NAMES[kind]} were listed`;
    expected -= count.expected;
    listed -= count.listed;
  }
  return listed < expected ? `${listed} of ${expected} pages were listed` : null;
}
