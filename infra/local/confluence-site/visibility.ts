import { contentById, pageOf } from "./content.ts";
import { mayReadSpace, mayViewPlace, type Subject } from "./permissions.ts";
import {
  ACCOUNT_ID,
  isFolder,
  type Folder,
  type Site,
  type SiteContent,
  type SitePage,
  type Space,
} from "./site.ts";

/** The account of a request. */
export type Viewer = "account" | "anonymous";

const SUBJECTS: Record<Viewer, Subject> = {
  account: { type: "user", id: ACCOUNT_ID },
  anonymous: { type: "anonymous" },
};

export function canSeeSpace(site: Site, viewer: Viewer, space: Space): boolean {
  return space.visible && mayReadSpace(site, SUBJECTS[viewer], space);
}

/** A page or folder is seen by those who see its space, unless a restriction on it or on what is above it excludes them. */
export function canSeePage(site: Site, viewer: Viewer, page: SitePage | Folder): boolean {
  return site.spaces.get(page.spaceId)?.visible === true && mayViewPlace(site, SUBJECTS[viewer], page);
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
