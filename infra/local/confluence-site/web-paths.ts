import { encodePathPart } from "./responses.ts";
import { isPage, pageOf, type Folder, type Site, type SiteContent, type SitePage } from "./site.ts";

/** The path of a page, blog post or folder for people, below the site's `/wiki`. */
export function pagePath(site: Site, item: SitePage | Folder): string {
  const key = site.spaces.get(item.spaceId)?.key ?? "";
  const title = encodePathPart(item.title).replaceAll("%20", "+");
  if (!isPage(item) || item.kind === "page") return `/spaces/${key}/pages/${item.id}/${title}`;
  const day = item.createdAt.toISOString().slice(0, 10).replaceAll("-", "/");
  return `/spaces/${key}/blog/${day}/${item.id}/${title}`;
}

/** The path of any content: a comment's opens its page at the comment. */
export function contentPath(site: Site, content: SiteContent): string {
  const page = pageOf(site, content);
  const path = page ? pagePath(site, page) : "";
  if (content.kind !== "comment") return path;
  return `${path}?focusedCommentId=${content.id}#comment-${content.id}`;
}
