import { contentById, pageOf } from "./content.ts";
import {
  ancestorsOf,
  isFolder,
  isPage,
  type Folder,
  type Site,
  type SiteContent,
  type SitePage,
  type Space,
} from "./site.ts";

/** The account of a request. */
export type Viewer = "account" | "anonymous";

export function canSeeSpace(site: Site, viewer: Viewer, space: Space): boolean {
  return space.visible && (viewer === "account" || site.settings.anonymous_access);
}

/** A page or folder is seen by those who see its space, unless it or a page above it excludes them. */
export function canSeePage(site: Site, viewer: Viewer, page: SitePage | Folder): boolean {
  const space = site.spaces.get(page.spaceId);
  if (!space || !canSeeSpace(site, viewer, space)) return false;
  return [page, ...ancestorsOf(site, page)].every((item) => {
    if (!isPage(item)) return true;
    return item.visibleTo === "everyone" || (item.visibleTo === "account" && viewer === "account");
  });
}

/** Content is seen by those who see the page that it is on. */
export function canSee(site: Site, viewer: Viewer, content: SiteContent | Folder): boolean {
  const page = isFolder(content) ? content : pageOf(site, content);
  return page !== undefined && canSeePage(site, viewer, page);
}

/** Whether content and all that it is on is current: what is on a page goes to the trash, and comes back, with it. */
export function isCurrent(site: Site, content: SiteContent | Folder): boolean {
  if ("status" in content && content.status !== "current") return false;
  if (!("containerId" in content)) return true;
  const container = contentById(site, content.containerId);
  return container !== undefined && isCurrent(site, container);
}
