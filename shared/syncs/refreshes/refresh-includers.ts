import type { Sql } from "#shared/db/connect.ts";
import { asChanged, touchIncluders, type ChangedContent } from "#shared/documents/includers.ts";
import { addHints } from "#shared/syncs/hints/page-hints.ts";
import { queueRefreshes } from "./queue-refreshes.ts";

type Operation = { operationId: string; sourceId: string };

/**
 * Makes the pages that show this content work of the operation, in the transaction that records its change. Pages of other sources of
 * the site wait for their next sync; when a target is gone they are asked for within a minute. `mayQueue` false: the operation has ended,
 * and the next one makes them work.
 */
export async function refreshIncluders(
  tx: Sql,
  operation: Operation,
  changes: readonly ChangedContent[],
  options: {
    isGone?: boolean;
    mayShowTooMuch?: boolean;
    editedAt?: Date | null;
    mayQueue?: boolean;
    now: Date;
  },
): Promise<void> {
  const { isGone = false, mayShowTooMuch = false, editedAt = null, mayQueue = true, now } = options;
  const touched = { isGone, mayShowTooMuch, editedAt, now };
  const includers = await touchIncluders(tx, operation.sourceId, changes, touched);
  if (includers.length === 0) return;
  if (mayQueue) await queueRefreshes(tx, operation, now);
  const elsewhere = includers.filter(({ sourceId }) => sourceId !== operation.sourceId);
  if (isGone) await addHints(tx, elsewhere, { reason: "shows_gone", atOnce: true, now });
}

/** The same for pages that are deleted, hidden (`isGone`) or visible again. */
export async function refreshIncludersOf(
  tx: Sql,
  operation: Operation,
  pageIds: readonly string[],
  options: { isGone: boolean; now: Date },
): Promise<void> {
  if (pageIds.length === 0) return;
  await refreshIncluders(tx, operation, await asChanged(tx, operation.sourceId, pageIds), options);
}

/** The same for lists of what carries one of these labels. */
export async function refreshListsOfLabels(
  tx: Sql,
  operation: Operation,
  labels: readonly string[],
  now: Date,
): Promise<void> {
  if (labels.length === 0) return;
  await refreshIncluders(tx, operation, [{ ...NOTHING, labels }], { now });
}

/** The same for lists of what is attached to these pages. */
export async function refreshListsOfFiles(
  tx: Sql,
  operation: Operation,
  containerIds: readonly string[],
  now: Date,
): Promise<void> {
  if (containerIds.length === 0) return;
  await refreshIncluders(tx, operation, [{ ...NOTHING, containerIds }], { now });
}

const NOTHING = { pageId: "", isShown: false, titles: [], labels: [], parentIds: [], isTextOnly: false };
