import type { IndexEntry, Site, SitePage } from "./site.ts";

/**
 * Hands a page's present state to the index, which shows it after the lag. Its `lastModified` is when the version was made:
 * a move, a label, a restore change none, so no query by time finds them.
 */
export function indexPage(site: Site, page: SitePage): void {
  const entry = page.status === "current" ? entryOf(site, page) : null;
  const at = site.now().getTime() + site.settings.index_lag_seconds * 1000;
  if (site.settings.index_lag_seconds > 0) {
    site.index.waiting.push({ at, pageId: page.id, entry });
    return;
  }
  site.index.waiting = site.index.waiting.filter((change) => change.pageId !== page.id);
  put(site, page.id, entry);
}

/** The entries that the index shows now. */
export function searchableEntries(site: Site): Iterable<IndexEntry> {
  const now = site.now().getTime();
  const due = site.index.waiting.filter((change) => change.at <= now);
  if (due.length > 0) {
    site.index.waiting = site.index.waiting.filter((change) => change.at > now);
    for (const change of due) put(site, change.pageId, change.entry);
  }
  return site.index.entries.values();
}

function put(site: Site, pageId: string, entry: IndexEntry | null): void {
  if (entry) site.index.entries.set(pageId, entry);
  else site.index.entries.delete(pageId);
}

function entryOf(site: Site, page: SitePage): IndexEntry {
  return {
    pageId: page.id,
    type: page.kind,
    spaceKey: site.spaces.get(page.spaceId)?.key ?? "",
    title: page.title,
    labels: [...page.labels],
    created: page.createdAt.getTime(),
    lastModified: page.version.createdAt.getTime(),
  };
}
