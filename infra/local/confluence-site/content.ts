import type { Folder, Site, SiteContent, SitePage } from "./site.ts";

/** Content of any kind. */
export function contentById(site: Site, id: string): SiteContent | undefined {
  return site.pages.get(id) ?? site.comments.get(id) ?? site.attachments.get(id);
}

/** Anything that the search finds: content, or what pages are below that is no page. */
export function foundById(site: Site, id: string): SiteContent | Folder | undefined {
  return contentById(site, id) ?? site.folders.get(id);
}

/** The page or blog post that content is on; itself, if it is one. */
export function pageOf(site: Site, content: SiteContent): SitePage | undefined {
  if (!("containerId" in content)) return content;
  const container = contentById(site, content.containerId);
  return container && pageOf(site, container);
}

/** Comments and files on a page, and comments on those files. */
export function contentOn(site: Site, pageId: string): SiteContent[] {
  return [...site.comments.values(), ...site.attachments.values()].filter(
    (content) => pageOf(site, content)?.id === pageId,
  );
}

/** What people see as the title of content: comments have none of their own. */
export function titleOf(site: Site, content: SiteContent): string {
  if (content.kind !== "comment") return content.title;
  const container = contentById(site, content.containerId);
  return `Re: ${container ? titleOf(site, container) : ""}`;
}

/** The number in an id, which ids are ordered by; those of files are `att` and a number. */
export function numberOf(id: string): bigint {
  return BigInt(id.replace(/^att/, ""));
}
