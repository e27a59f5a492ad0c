import { webPath } from "./responses.ts";
import { spaceByKey, type Site, type SitePage } from "./site.ts";
import type { XmlElement } from "./storage-xml.ts";
import type { Viewer } from "./visibility.ts";

/** What a body is rendered with: who looks, on which page, how deep in includes, and what renders a macro. */
export type Rendering = {
  site: Site;
  viewer: Viewer;
  page: SitePage;
  depth: number;
  macro: (rendering: Rendering, macro: XmlElement) => string;
};

/** A page's address in rendered bodies. */
export function pageHref(site: Site, page: SitePage): string {
  return `${site.url}/wiki${webPath(site.spaces.get(page.spaceId)?.key ?? "", page.id, page.title)}`;
}

/** The page that `ri:page` names, in its space or that of the page it is on. */
export function findPage({ site, page }: Rendering, reference: XmlElement): SitePage | undefined {
  const key = reference.attributes["ri:space-key"];
  const spaceId = key === undefined ? page.spaceId : spaceByKey(site, key)?.id;
  const title = reference.attributes["ri:content-title"];
  for (const other of site.pages.values()) {
    if (other.spaceId === spaceId && other.title === title && other.status === "current") return other;
  }
  return undefined;
}
