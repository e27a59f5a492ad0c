import type { ListedPage } from "#shared/confluence/client.ts";
import { isNewer } from "#shared/documents/is-newer.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { WorkItem } from "#shared/syncs/operations/work.ts";

/**
 * Syncs in a row in which one version of a page may fail for good (its body cannot be converted, say) before it waits for a
 * newer version. Faults that may pass count as nothing: half an hour without Confluence would be five syncs.
 */
export const MAX_FAILED_SYNCS = 5;

/** Code of a page's error: a listing showed it, and asked for by id Confluence says that it is in the trash or elsewhere. */
export const NOT_CURRENT = "not_current";

export type ListingRules = {
  /** Of converter and chunker, when pages of an older one are to be processed again (full listings); else null. */
  representationRevision: number | null;
};

/**
 * What a listed page needs, decided by version numbers, never by times: the index's times differ from the pages' own
 * (onyx pull request 4589). Null: nothing.
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
  if (stored.syncError && !mayRetry(stored, listed.version)) return null;
  if (stored.version === 0) return work("added", stored.syncError ? "failed before" : "new page");
  // A listing that trails what was stored already takes nothing back.
  const version = Math.max(listed.version, stored.version);
  const representationRevision = rules.representationRevision ?? stored.representationRevision;
  if (version > stored.version) return work("updated", `version ${stored.version} → ${version}`);
  if (stored.syncError) return work("updated", "failed before");
  if (!isNewer({ version, representationRevision }, stored)) return null;
  return work("updated", `converter revision ${stored.representationRevision} → ${representationRevision}`);
}

/** A page that failed is tried again in each sync, unless one version failed for good MAX_FAILED_SYNCS times. */
export function mayRetry(stored: Pick<PageState, "syncError">, listedVersion: number): boolean {
  const error = stored.syncError;
  if (!error?.permanent) return true;
  return error.attempts < MAX_FAILED_SYNCS || listedVersion > error.version;
}
