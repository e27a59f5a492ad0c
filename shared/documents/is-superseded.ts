import { TransientError } from "#shared/errors.ts";
import { isNewer } from "./is-newer.ts";
import type { PageToStore } from "./page-to-store.ts";
import type { Rendering } from "./renderings.ts";

/** The row of a page as a swap locks it. */
export type LockedPage = {
  version: number;
  representationRevision: number;
  isDeleted: boolean;
  isHidden: boolean;
  stateRevision: number;
  contentHash: string | null;
  failed: boolean;
  unrendered: boolean;
  rendering?: Rendering | null;
};

/** Whether nothing is to be stored: the stored page is not older. `expected`: its `state_revision` as read before the body was fetched. */
export function isSuperseded(stored: LockedPage, page: PageToStore, expected: number | null): boolean {
  // A file that was renamed or moved after its state was read: its version says nothing of that.
  if (page.kind === "attachment" && stored.stateRevision !== expected) return true;
  // The page was deleted after its state was read: the fetched body may be older than that.
  if (stored.isDeleted) return stored.stateRevision !== expected;
  const isSameState =
    page.version === stored.version && page.representationRevision === stored.representationRevision;
  if (page.subtype === "live" && isSameState) return isLiveSuperseded(stored, page, expected);
  // The same version, now with the rendered content of its macros.
  if (stored.version === page.version && stored.unrendered && !page.renderedMissing) return false;
  return !isNewer(page, stored);
}

/** Of a live doc in the stored version another text is stored, if nothing was since it was fetched. */
function isLiveSuperseded(stored: LockedPage, page: PageToStore, expected: number | null): boolean {
  const isRendered = stored.unrendered && !page.renderedMissing;
  if (stored.contentHash === page.contentHash && !isRendered) return true;
  if (stored.stateRevision === expected) return false;
  throw new TransientError(
    "stored_meanwhile",
    "The live doc was stored after this body was fetched, so its text may be newer: it is fetched again",
  );
}

/**
 * A swap shows its page. Throws `TransientError("hidden_meanwhile")` when the page was hidden after its state was read: the account may
 * not see it any more, and the body is from before. One that was hidden before that is visible again.
 */
export function requireVisible({ isHidden, stateRevision }: LockedPage, expected: number | null): void {
  if (!isHidden || stateRevision === expected) return;
  throw new TransientError(
    "hidden_meanwhile",
    "The page was hidden after this body was fetched, so it may not be visible any more: it is fetched again",
  );
}
