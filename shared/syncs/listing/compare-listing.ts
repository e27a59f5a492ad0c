import type { ListedPage } from "#shared/confluence/client.ts";
import { isNewer } from "#shared/documents/is-newer.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { WorkItem } from "#shared/syncs/operations/work.ts";

/**
 * Consecutive syncs in which one version of a page may fail permanently (its body cannot be converted, for example) before it
 * waits for a newer version, or a day. Transient errors do not count: half an hour without Confluence would be five syncs.
 */
export const MAX_FAILED_SYNCS = 5;

/** A page that failed so often is tried once in this time, because the reason may be gone: a mended key of the embedding provider. */
export const GIVEN_UP_RETRY_HOURS = 24;

/** Error code of a page that was listed, but that is in the trash or in another space when requested by id. */
export const NOT_CURRENT = "not_current";

export type ListingRules = {
  /** Revision of converter and chunker, if pages of an older one are to be processed again (full listings); else null. */
  representationRevision: number | null;
  /** Pages that somebody asked for by name: they are tried however often they failed. */
  requested?: ReadonlySet<string>;
  now: Date;
};

/**
 * Returns the work that a listed page needs, or null. Version numbers decide, never times: the times in Confluence's search index
 * differ from the pages' own (onyx pull request 4589). Of a live doc what it says decides, so it is fetched whenever it is listed.
 */
export function compareListed(
  listed: ListedPage,
  stored: PageState | undefined,
  rules: ListingRules,
): WorkItem | null {
  const work = (outcome: WorkItem["outcome"], reason: string): WorkItem => ({
    pageId: listed.id,
    title: listed.title,
    state: "pending",
    outcome,
    reason,
    listedVersion: listed.version,
  });
  if (!stored) return work("added", "new page");
  if (stored.isDeleted) return work("restored", "deleted here, current in Confluence");
  const isRequested = rules.requested?.has(listed.id) ?? false;
  if (stored.syncError && !isRequested && !mayRetry(stored, listed.version, rules.now)) return null;
  if (stored.version === 0) return work("added", stored.syncError ? "failed before" : "new page");
  // A listing that is older than what is stored changes nothing.
  const version = Math.max(listed.version, stored.version);
  const representationRevision = rules.representationRevision ?? stored.representationRevision;
  if (version > stored.version) return work("updated", `version ${stored.version} → ${version}`);
  if (stored.syncError) return work("updated", "failed before");
  if (!isNewer({ version, representationRevision }, stored)) {
    const isLive = (listed.subtype ?? stored.subtype) === "live";
    return isLive ? work("updated", "live doc, whose text may change without a version") : null;
  }
  return work("updated", `converter revision ${stored.representationRevision} → ${representationRevision}`);
}

/** A failed page is retried in each sync; once a day if one version failed permanently MAX_FAILED_SYNCS times. */
export function mayRetry(
  { syncError: error }: Pick<PageState, "syncError">,
  listedVersion: number,
  now: Date,
): boolean {
  if (!error?.permanent || error.attempts < MAX_FAILED_SYNCS || listedVersion > error.version) return true;
  return now.getTime() - Date.parse(error.at) >= GIVEN_UP_RETRY_HOURS * 60 * 60_000;
}
