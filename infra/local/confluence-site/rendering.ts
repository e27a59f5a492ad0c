import { pagePath } from "./web-paths.ts";
import { spaceByKey, type Site, type SitePage } from "./site.ts";
import type { XmlElement } from "./storage-xml.ts";
import type { Viewer } from "./visibility.ts";

/** What a body is rendered with: who looks, on which page, in which includes, and what renders a macro. */
export type Rendering = {
  site: Site;
  viewer: Viewer;
  page: SitePage;
  /** The pages that include this one, from the outermost. */
  above: readonly SitePage[];
  macro: (rendering: Rendering, macro: XmlElement) => string;
};

/** A page's address in rendered bodies. */
export function pageHref(site: Site, page: SitePage): string {
  return `${site.url}/wiki${pagePath(site, page)}`;
}

/** The page that `ri:page`, or the blog post that `ri:blog-post` names, in its space or that of the page it is on. */
export function findPage({ site, page }: Rendering, reference: XmlElement): SitePage | undefined {
  const key = reference.attributes["ri:space-key"];
  const spaceId = key === undefined ? page.spaceId : spaceByKey(site, key)?.id;
  const title = reference.attributes["ri:content-title"];
  const kind = reference.name === "ri:blog-post" ? "blogpost" : "page";
  for (const other of site.pages.values()) {
    if (other.kind !== kind || other.status !== "current") continue;
    if (other.spaceId === spaceId && other.title === title) return other;
  }
  return undefined;
}
