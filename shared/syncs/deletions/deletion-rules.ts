import type { ConfluencePage } from "#shared/confluence/client.ts";
import type { PageKind } from "#shared/content-kinds.ts";
import type { HeldDeletions } from "#shared/syncs/operations/held-deletions.ts";

/*
 * What a deletion check decides: when a page is hidden, when it is deleted, when a person decides. `deletion-candidates.ts` requests
 * the pages and applies the decisions.
 */

/** The decision on a page that was not listed. Null: it exists after all, or the response is not understood. */
export type Verdict = { outcome: "deleted" | "hidden"; reason: string } | null;

/**
 * Trashed, deleted, archived, moved to another space: deleted at once. Not visible (gone and no permission look the same): hidden
 * at the first complete check, deleted at the second. How long a page stays hidden follows from when that check runs, and is no
 * time of its own: with `weekly_reconciliation` 7 days (`CHECK_INTERVAL_MS` in schedules/weekly-check.ts), with `every_sync` until after the
 * next sync, with `on_demand` until somebody starts one. A page that is visible again before is shown again. An unknown status
 * proves nothing.
 */
export function judgeCandidate(
  page: ConfluencePage | undefined,
  stored: { missingSince: Date | null },
  spaceId: string,
): Verdict {
  if (!page) {
    if (stored.missingSince) return { outcome: "deleted", reason: "not_visible" };
    return { outcome: "hidden", reason: "not_visible" };
  }
  if (page.status === "trashed" || page.status === "deleted" || page.status === "archived") {
    return { outcome: "deleted", reason: page.status };
  }
  if (page.status === "current" && page.spaceId !== null && page.spaceId !== spaceId) {
    return { outcome: "deleted", reason: "moved_to_another_space" };
  }
  return null;
}

/** Stored content that was not listed. */
export type Candidate = {
  page_id: string;
  kind: PageKind | "attachment";
  container_id: string | null;
  missing_since: Date | null;
};

export type JudgedCandidate = { page_id: string; verdict: Verdict };

/** Of one kind of content. */
export type DeletionOutcomes = {
  kind: string;
  /** Pages that would be deleted or hidden for the first time. */
  firstTime: number;
  /** Hidden pages that a second complete check did not find either. */
  secondTime: number;
  /** Stored pages that are not deleted, hidden ones included. */
  pages: number;
};

/** Above both, a person decides: a quarter of a space is rarely deleted at once, and ten pages are quick to review. */
export const CAP_SHARE = 0.25;
export const CAP_PAGES = 10;

/**
 * Compares first-time and second-time candidates with the cap separately: pages that were hidden last time, within the cap, are
 * expected to be deleted this time and must not block newer candidates. Null: the cap is not exceeded.
 */
export function judgeCap(outcomes: DeletionOutcomes): HeldDeletions | null {
  const exceeded = [outcomes.firstTime, outcomes.secondTime].some(
    (count) => count > CAP_PAGES && count > CAP_SHARE * outcomes.pages,
  );
  if (!exceeded) return null;
  const candidates = outcomes.firstTime + outcomes.secondTime;
  const name = NAMES[outcomes.kind] ?? outcomes.kind;
  const message =
    `${candidates} of ${outcomes.pages} ${name}s would be deleted or hidden, more than the cap of ${CAP_SHARE * 100} % and ${CAP_PAGES} ${name}s. ` +
    `No ${name} was deleted or hidden. If the deletions are right, run the deletion check with force`;
  return { candidates, pages: outcomes.pages, message };
}

const NAMES: Record<string, string> = { blogpost: "blog post", comments: "comment", attachment: "file" };

/** Compares each kind with its own cap: many lost blog posts must not hold the deletion of a page. Null: none exceeds it. */
export function judgeCaps(
  ofKinds: readonly DeletionOutcomes[],
): { held: HeldDeletions; kinds: string[] } | null {
  const exceeded = ofKinds.flatMap((outcomes) => {
    const held = judgeCap(outcomes);
    return held ? [{ held, kind: outcomes.kind }] : [];
  });
  if (exceeded.length === 0) return null;
  const sum = (count: (held: HeldDeletions) => number) =>
    exceeded.reduce((total, { held }) => total + count(held), 0);
  return {
    held: {
      candidates: sum((held) => held.candidates),
      pages: sum((held) => held.pages),
      message: exceeded.map(({ held }) => held.message).join(". "),
    },
    kinds: exceeded.map(({ kind }) => kind),
  };
}
