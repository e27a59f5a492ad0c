import { ancestorsOf, isPage, type Site, type SitePage, type Space } from "./site.ts";

/** The account of a request. */
export type Viewer = "account" | "anonymous";

export function canSeeSpace(site: Site, viewer: Viewer, space: Space): boolean {
  return space.visible && (viewer === "account" || site.settings.anonymous_access);
}

/** A page is seen by those who see its space, unless it or a page above it excludes them. */
export function canSeePage(site: Site, viewer: Viewer, page: SitePage): boolean {
  const space = site.spaces.get(page.spaceId);
  if (!space || !canSeeSpace(site, viewer, space)) return false;
  return [page, ...ancestorsOf(site, page)].every((item) => {
    if (!isPage(item)) return true;
    return item.visibleTo === "everyone" || (item.visibleTo === "account" && viewer === "account");
  });
}
