import { encodePathPart } from "./responses.ts";
import { numberOf, pageOf } from "./content.ts";
import {
  isFolder,
  isPage,
  type Folder,
  type Site,
  type SiteAttachment,
  type SiteContent,
  type SitePage,
} from "./site.ts";

/** The path of a page, blog post or folder for people, below the site's `/wiki`. */
export function pagePath(site: Site, item: SitePage | Folder): string {
  const key = site.spaces.get(item.spaceId)?.key ?? "";
  const title = encodePathPart(item.title).replaceAll("%20", "+");
  if (!isPage(item) || item.kind === "page") return `/spaces/${key}/pages/${item.id}/${title}`;
  const day = item.createdAt.toISOString().slice(0, 10).replaceAll("-", "/");
  return `/spaces/${key}/blog/${day}/${item.id}/${title}`;
}

export function folderPath(site: Site, { id, kind, spaceId }: Folder): string {
  return `/spaces/${site.spaces.get(spaceId)?.key}/${kind}/${id}`;
}

/** The path of any content: a comment's opens its page at the comment, a file's its page with the file. */
export function contentPath(site: Site, content: SiteContent | Folder): string {
  if (isFolder(content)) return folderPath(site, content);
  const page = pageOf(site, content);
  const path = page ? pagePath(site, page) : "";
  if (content.kind === "attachment") {
    const preview = `/${content.containerId}/${numberOf(content.id)}/${content.title}`;
    return `${path}?preview=${encodePathPart(preview)}`;
  }
  if (content.kind !== "comment") return path;
  return `${path}?focusedCommentId=${content.id}#comment-${content.id}`;
}

/** The path that listings give for downloading a file; API tokens are refused there. */
export function downloadPath({ id, title, containerId, version }: SiteAttachment): string {
  const query = `version=${version.number}&modificationDate=${version.createdAt.getTime()}&cacheVersion=1&api=v2`;
  return `/download/attachments/${containerId}/${encodePathPart(title)}?${query}&attachmentId=${numberOf(id)}`;
}
