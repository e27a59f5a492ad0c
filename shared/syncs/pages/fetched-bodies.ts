import type { ConfluencePage } from "#shared/confluence/client.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";

/** Kept for the requeued message, which arrives within seconds or after a pause. */
const LIFETIME_MS = 10 * 60_000;
/** A worker holds a batch of large pages as well: these bodies must fit into its memory beside them. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

type Kept = { page: ConfluencePage; stateRevision: number | null; until: number };

/** Bodies that a worker fetched but had no time to store, by source and page: while warm, it need not fetch them again. */
export type FetchedBodies = Map<string, Kept>;

const keyOf = (sourceId: string, pageId: string) => `${sourceId}/${pageId}`;
const revisionOf = (state: PageState | undefined) => state?.stateRevision ?? null;

/** `states`: the stored pages, as read before the bodies were fetched. */
type FetchContext = { sourceId: string; states: ReadonlyMap<string, PageState>; now: Date };

/** Keeps pages with the state that was read before they were fetched; drops the oldest when there are too many. */
export function keepBodies(
  bodies: FetchedBodies,
  pages: Iterable<ConfluencePage>,
  { sourceId, states, now }: FetchContext,
): void {
  for (const page of pages) {
    // A live doc listed again may have another text at the same version.
    if (!page.body || page.subtype === "live") continue;
    const kept = { page, stateRevision: revisionOf(states.get(page.id)), until: now.getTime() + LIFETIME_MS };
    bodies.delete(keyOf(sourceId, page.id));
    bodies.set(keyOf(sourceId, page.id), kept);
  }
  let characters = 0;
  for (const { page } of bodies.values()) characters += page.body?.value.length ?? 0;
  for (const [key, { page }] of bodies) {
    if (characters <= MAX_CHARACTERS) break;
    characters -= page.body?.value.length ?? 0;
    bodies.delete(key);
  }
}

/**
 * Removes and returns the bodies that are as good as a new response from Confluence: at least the listed version, and fetched
 * while the stored page was in its present state. A page that was deleted, hidden or stored since is fetched again, because its
 * old body would undo that.
 */
export function takeBodies(
  bodies: FetchedBodies,
  works: readonly ClaimedWork[],
  { sourceId, states, now }: FetchContext,
): ConfluencePage[] {
  const taken: ConfluencePage[] = [];
  for (const { pageId, listedVersion } of works) {
    const kept = bodies.get(keyOf(sourceId, pageId));
    bodies.delete(keyOf(sourceId, pageId));
    if (!kept || kept.until < now.getTime() || kept.page.version < (listedVersion ?? 0)) continue;
    if (kept.stateRevision === revisionOf(states.get(pageId))) taken.push(kept.page);
  }
  return taken;
}
