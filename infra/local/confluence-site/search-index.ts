import { pageOf, titleOf } from "./content.ts";
import { isFolder, type Folder, type IndexEntry, type Site, type SiteContent } from "./site.ts";

/**
 * Hands the present state of content to the index, which shows it after the lag. A page's `lastModified` is when its version
 * was made: a move, a label, a restore change none, so no query by time finds them.
 */
export function indexContent(site: Site, content: SiteContent | Folder): void {
  const gone = "status" in content && content.status !== "current";
  changeIndex(site, content.id, gone ? null : entryOf(site, content));
}

/** Takes content that is gone for good out of the index, after the lag. */
export function dropFromIndex(site: Site, id: string): void {
  changeIndex(site, id, null);
}

/** The entries that the index shows now. */
export function searchableEntries(site: Site): Iterable<IndexEntry> {
  const now = site.now().getTime();
  const due = site.index.waiting.filter((change) => change.at <= now);
  if (due.length > 0) {
    site.index.waiting = site.index.waiting.filter((change) => change.at > now);
    for (const change of due) put(site, change.id, change.entry);
  }
  return site.index.entries.values();
}

function changeIndex(site: Site, id: string, entry: IndexEntry | null): void {
  const at = site.now().getTime() + site.settings.index_lag_seconds * 1000;
  if (site.settings.index_lag_seconds > 0) {
    site.index.waiting.push({ at, id, entry });
    return;
  }
  if (site.index.waiting.length > 0) {
    site.index.waiting = site.index.waiting.filter((change) => change.id !== id);
  }
  put(site, id, entry);
}

function put(site: Site, id: string, entry: IndexEntry | null): void {
  if (entry) site.index.entries.set(id, entry);
  else site.index.entries.delete(id);
}

function entryOf(site: Site, content: SiteContent | Folder): IndexEntry {
  const page = isFolder(content) ? content : pageOf(site, content);
  const modifiedAt = isFolder(content)
    ? content.modifiedAt
    : (content.modifiedAt ?? content.version.createdAt);
  return {
    id: content.id,
    type: content.kind,
    spaceKey: (page && site.spaces.get(page.spaceId)?.key) ?? "",
    title: isFolder(content) ? content.title : titleOf(site, content),
    labels: "labels" in content ? [...content.labels] : [],
    created: content.createdAt.getTime(),
    lastModified: modifiedAt.getTime(),
  };
}
