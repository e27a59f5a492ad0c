import { EditRefused } from "./edit-refused.ts";
import { isPage, type Folder, type Site, type SitePage } from "./site.ts";

/** The page; refused unless it has one of these statuses. */
export function requirePage(site: Site, id: string, statuses: SitePage["status"][]): SitePage {
  const page = site.pages.get(id);
  if (!page) throw new EditRefused(404, `No page ${id}`);
  if (!statuses.includes(page.status)) throw new EditRefused(409, `Page ${id} is ${page.status}`);
  return page;
}

/** The page or folder that something is put below. */
export function requireParent(site: Site, spaceId: string, id: string): SitePage | Folder {
  const parent = site.pages.get(id) ?? site.folders.get(id);
  const isThere = parent && (!isPage(parent) || ["current", "draft"].includes(parent.status));
  if (!isThere || parent.spaceId !== spaceId) {
    throw new EditRefused(404, `No parent ${id} in the space`);
  }
  return parent;
}

/** Refuses a title that another current page of the space has. */
export function requireFreeTitle(site: Site, spaceId: string, title: string, except: string | null): void {
  for (const page of site.pages.values()) {
    const same = page.spaceId === spaceId && page.title === title && page.status === "current";
    if (same && page.kind === "page" && page.id !== except)
      throw new EditRefused(400, `The space has a page titled ${title} already`);
  }
}

/** A position after all others, on their parent. */
export function nextPosition(site: Site): number {
  return Number((site.lastId * 16n) % 2_147_483_647n);
}
