import type { Sql } from "#shared/db/connect.ts";
import { UNREADABLE, type ListedPage } from "#shared/confluence/client.ts";
import { upsertListedPages } from "#shared/documents/listed-pages.ts";
import { showPages } from "#shared/documents/delete-pages.ts";
import { readPageStates, type PageState } from "#shared/documents/page-states.ts";
import { compareListed, type ListingRules } from "./compare-listing.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import { addWork, type WorkItem } from "#shared/syncs/operations/work.ts";
import { refreshIncluders, refreshIncludersOf } from "#shared/syncs/refreshes/refresh-includers.ts";

export type ListingCounts = {
  pages_listed: number;
  pages_unchanged: number;
  pages_moved: number;
  pages_restored: number;
};

const MOVED = "another parent";
const RESTORED = "hidden here, visible in Confluence";

/**
 * Compares one page of a listing with the stored pages and records the result, in the transaction that saves the checkpoint: work
 * for pages whose body is needed, new metadata for pages that were moved or labelled, hidden pages that are visible again. With
 * `keepSeen` the other pages are recorded too: a deletion check looks for those that were not listed.
 */
export async function recordListing(
  tx: Sql,
  operation: Operation,
  pages: readonly ListedPage[],
  options: {
    rules: Omit<ListingRules, "now">;
    keepSeen: boolean;
    now: Date;
    onRestored: (pageIds: readonly string[]) => void;
  },
): Promise<ListingCounts> {
  const current = pages.filter((page) => page.status === "current");
  const states = await readPageStates(
    tx,
    operation.sourceId,
    current.map((page) => page.id),
  );
  const work: WorkItem[] = [];
  const unchanged: ListedPage[] = [];
  for (const page of current) {
    const item = compareListed(page, states.get(page.id), { ...options.rules, now: options.now });
    if (item) work.push(operation.dryRun ? { ...item, state: "planned" } : item);
    else unchanged.push(page);
  }
  const unreadable = pages.filter((page) => page.status === UNREADABLE);
  work.push(...unreadable.map((page) => workOnUnreadable(page.id, operation)));
  const needed = new Set(work.map((item) => item.pageId));
  const hiddenAgain = current.filter((page) => isStoredAndHidden(page, states.get(page.id)));
  const shownAsTheyAre = hiddenAgain.filter((page) => !needed.has(page.id));
  if (operation.dryRun) work.push(...shownAsTheyAre.map(plannedRestore));
  const worked = new Set(work.map((item) => item.pageId));
  const movedIds = await recordMetadata(tx, operation, { pages: current, states, work, now: options.now });
  const changed = { moved: new Set(movedIds), restored: new Set(hiddenAgain.map((page) => page.id)) };
  const seen = unchanged.filter((page) => !worked.has(page.id)).map((page) => seenPage(page, changed));
  const recorded = options.keepSeen ? seen : seen.filter((item) => item.outcome !== null);
  await addWork(tx, operation, [...work, ...recorded], options.now);
  if (!operation.dryRun && hiddenAgain.length > 0) {
    const pageIds = hiddenAgain.map((page) => page.id);
    await showPages(tx, { sourceId: operation.sourceId, pageIds, now: options.now });
    await refreshIncludersOf(tx, operation, pageIds, { isGone: false, now: options.now });
    options.onRestored(pageIds);
  }
  return {
    pages_listed: pages.length,
    pages_unchanged: unchanged.length - shownAsTheyAre.length - movedIds.length,
    pages_moved: movedIds.length,
    // A dry run counts what it would do.
    pages_restored: operation.dryRun ? 0 : hiddenAgain.length,
  };
}

/** A page whose body is not needed: what the listing itself changed has an outcome, by which it is found afterwards. */
function seenPage(
  { id: pageId, title, version: listedVersion }: ListedPage,
  { moved, restored }: { moved: ReadonlySet<string>; restored: ReadonlySet<string> },
): WorkItem {
  const seen = { pageId, title, state: "seen", listedVersion } as const;
  if (restored.has(pageId)) return { ...seen, outcome: "restored", reason: RESTORED };
  return moved.has(pageId)
    ? { ...seen, outcome: "moved", reason: MOVED }
    : { ...seen, outcome: null, reason: "listed" };
}

/** Whether it is visible again at the version that is stored. With work too: a live doc is fetched whenever it is listed. */
function isStoredAndHidden({ version }: ListedPage, stored: PageState | undefined): boolean {
  return (
    stored !== undefined && stored.missingSince !== null && !stored.isDeleted && stored.version >= version
  );
}

/** Only the id is known of an item that cannot be parsed: requested by id, the page is stored or fails with the reason. */
function workOnUnreadable(pageId: string, operation: Operation): WorkItem {
  const reason = "listed in a format that cannot be parsed";
  const state = operation.dryRun ? "planned" : "pending";
  return { pageId, title: "", state, outcome: "updated", reason, listedVersion: null };
}

/** Stores position, URL and labels; returns the moved pages that need no other work. */
async function recordMetadata(
  tx: Sql,
  operation: Operation,
  listed: {
    pages: readonly ListedPage[];
    states: ReadonlyMap<string, PageState>;
    work: readonly WorkItem[];
    now: Date;
  },
): Promise<string[]> {
  const { pages, states, work, now } = listed;
  const worked = new Set(work.map((item) => item.pageId));
  const movedIn = (ids: readonly string[]) =>
    ids.filter((id) => !worked.has(id) && !states.get(id)?.missingSince);
  if (!operation.dryRun) {
    const { moved, changed } = await upsertListedPages(
      tx,
      operation.sourceId,
      pages.map((page) => ({ ...page, pageId: page.id })),
    );
    await refreshIncluders(tx, operation, changed, { now });
    return movedIn(moved);
  }
  const wouldMove = pages.filter((page) => hasMoved(page, states.get(page.id)));
  const moved = new Set(movedIn(wouldMove.map((page) => page.id)));
  const planned = wouldMove.filter((page) => moved.has(page.id)).map(plannedMove);
  await addWork(tx, operation, planned, now);
  return [];
}

function hasMoved(page: ListedPage, stored: PageState | undefined): boolean {
  return stored !== undefined && stored.version > 0 && !stored.isDeleted && stored.parentId !== page.parentId;
}

function plannedRestore(page: ListedPage): WorkItem {
  const { id: pageId, title, version: listedVersion } = page;
  return { pageId, title, state: "planned", outcome: "restored", reason: RESTORED, listedVersion };
}

function plannedMove(page: ListedPage): WorkItem {
  const { id: pageId, title, version: listedVersion } = page;
  return { pageId, title, state: "planned", outcome: "moved", reason: MOVED, listedVersion };
}
