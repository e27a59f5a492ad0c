import { contentOn } from "./content.ts";
import { EditRefused } from "./edit-refused.ts";
import { requireFreeTitle, requirePage } from "./edit-rules.ts";
import { fireHooks } from "./hook-deliveries.ts";
import { dropFromIndex, indexContent } from "./search-index.ts";
import { childrenOf, type Site, type SitePage } from "./site.ts";

/** Publishes a draft. */
export function publishPage(site: Site, id: string): SitePage {
  const page = requirePage(site, id, ["draft"]);
  page.status = "current";
  page.version = { ...page.version, createdAt: site.now() };
  indexContent(site, page);
  fireHooks(site, "page_created", page);
  return page;
}

/** Moves a page to the trash; pages below it move up, or stay where nobody gets to. */
export function trashPage(
  site: Site,
  id: string,
  { leavesChildren }: { leavesChildren: boolean } = { leavesChildren: false },
): SitePage {
  const page = requirePage(site, id, ["current", "archived"]);
  fireHooks(site, "page_trashed", page);
  return takeAway(site, page, "trashed", leavesChildren ? [] : childrenOf(site, page.spaceId, page.id));
}

/** Archives a page; pages below it move up. */
export function archivePage(site: Site, id: string): SitePage {
  const page = requirePage(site, id, ["current"]);
  if (page.kind === "blogpost") throw new EditRefused(400, "A blog post cannot be archived");
  fireHooks(site, "page_archived", page);
  return takeAway(site, page, "archived");
}

/** Removes a page for good, with all that is on it. `leavesRecord`: the API still shows it by id, as `deleted`. */
export function purgePage(site: Site, id: string, options: { leavesRecord: boolean }): void {
  const page = requirePage(site, id, ["draft", "current", "archived", "trashed", "deleted"]);
  if (page.status !== "draft") fireHooks(site, "page_removed", page);
  takeAway(site, page, "deleted");
  for (const content of contentOn(site, id)) {
    site.comments.delete(content.id);
    site.attachments.delete(content.id);
    dropFromIndex(site, content.id);
  }
  if (!options.leavesRecord) site.pages.delete(id);
}

/** Brings a page back from trash or archive with the version that it had, so that no query by time finds it. */
export function restorePage(site: Site, id: string): SitePage {
  const page = requirePage(site, id, ["trashed", "archived"]);
  if (page.kind === "page") requireFreeTitle(site, page.spaceId, page.title, id);
  const parent =
    page.parentId === null ? undefined : (site.pages.get(page.parentId) ?? site.folders.get(page.parentId));
  const parentGone =
    !parent || parent.spaceId !== page.spaceId || ("status" in parent && parent.status !== "current");
  if (parentGone) page.parentId = null;
  const event = page.status === "archived" ? "page_unarchived" : "page_restored";
  page.status = "current";
  indexContent(site, page);
  fireHooks(site, event, page);
  return page;
}

/** Changes who sees a page and all below it. No version is made. */
export function restrictPage(site: Site, id: string, visibleTo: SitePage["visibleTo"]): SitePage {
  const page = requirePage(site, id, ["current", "archived", "trashed"]);
  page.visibleTo = visibleTo;
  return page;
}

function takeAway(
  site: Site,
  page: SitePage,
  status: SitePage["status"],
  movesUp = childrenOf(site, page.spaceId, page.id),
): SitePage {
  for (const child of movesUp) child.parentId = page.parentId;
  page.status = status;
  indexContent(site, page);
  return page;
}
