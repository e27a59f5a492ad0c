import type { z } from "zod";
import { PAGE_KINDS, type PageKind } from "#shared/content-kinds.ts";
import {
  UNREADABLE,
  type Comment,
  type ConfluencePage,
  type ListedComment,
  type ListedFile,
  type ListedFolder,
  type ListedPage,
} from "./client.ts";
import type {
  anyContentSchema,
  commentSchema,
  contentSchema,
  folderHitSchema,
  pageSchema,
} from "./schemas.ts";

/** A page with a larger body fails with that reason instead of a worker running out of memory on it (UTF-8 bytes). */
export const MAX_BODY_BYTES = 20 * 2 ** 20;

/** A v2 page or blog post, as every v2 listing contains it. `webBase` is the site's address for people, with `/wiki`. */
export function pageFromV2(kind: PageKind, page: z.infer<typeof pageSchema>, webBase: string): ListedPage {
  return {
    kind,
    id: page.id,
    title: page.title,
    version: page.version.number,
    status: page.status,
    spaceId: page.spaceId ?? null,
    spaceKey: null,
    parentId: page.parentId ?? null,
    parentType: page.parentId ? (page.parentType ?? null) : null,
    subtype: page.subtype ?? "page",
    labels: null,
    url: pageUrl(page._links.webui, page.id, page._links.base ?? webBase),
    modifiedAt: page.version.createdAt,
    rights: null,
  };
}

/**
 * A page whose item lacks what the sync needs (a title, a version): it exists, with a status of its own that proves nothing.
 * So no listing treats it as a current page, and no deletion check as one that is gone.
 */
export function unreadablePage(kind: PageKind, id: string): ListedPage {
  return {
    kind,
    id,
    title: "",
    version: 0,
    status: UNREADABLE,
    spaceId: null,
    spaceKey: null,
    parentId: null,
    parentType: null,
    subtype: null,
    labels: null,
    url: "",
    modifiedAt: null,
    rights: null,
  };
}

/** The same with a body; a body above `MAX_BODY_BYTES` is omitted and marked as too large. */
export function pageWithBody(
  kind: PageKind,
  page: z.infer<typeof pageSchema>,
  webBase: string,
  format: "storage" | "export_view",
): ConfluencePage {
  const value = page.body?.[format]?.value;
  const listed = pageFromV2(kind, page, webBase);
  if (value === undefined) return { ...listed, body: null };
  if (Buffer.byteLength(value, "utf8") > MAX_BODY_BYTES) return { ...listed, body: null, bodyTooLarge: true };
  return { ...listed, body: { format, value } };
}

/** A v1 search hit. Its labels are null if there are more than Confluence returns. */
export function pageFromV1(content: z.infer<typeof contentSchema>, webBase: string): ListedPage {
  const parent = content.ancestors?.at(-1);
  const labels = content.metadata?.labels;
  return {
    kind: PAGE_KINDS.find((kind) => kind === content.type) ?? "page",
    id: content.id,
    title: content.title,
    version: content.version.number,
    status: content.status,
    spaceId: content.space?.id ?? null,
    spaceKey: content.space?.key ?? null,
    parentId: parent?.id ?? null,
    parentType: parent ? (parent.type ?? "page") : null,
    subtype: null,
    labels: labels && !labels._links?.next ? [...new Set(labels.results.map((label) => label.name))] : null,
    url: pageUrl(content._links.webui, content.id, webBase),
    modifiedAt: content.version.when,
    rights: null,
  };
}

/** A v1 search hit that is a folder or similar. */
export function folderFromV1({ id, type, title, ancestors }: z.infer<typeof folderHitSchema>): ListedFolder {
  const parent = ancestors.at(-1);
  return {
    id,
    kind: type,
    title,
    parentId: parent?.id ?? null,
    parentType: parent ? (parent.type ?? "page") : null,
  };
}

/** A v1 search hit that is a comment. Of a reply the container is the page, or the comment that it replies to: both occur. */
export function commentFromV1(content: z.infer<typeof anyContentSchema>): ListedComment {
  const { container, ancestors, extensions, space } = content;
  const above = ancestors?.findLast((item) => item.type === "comment");
  const replied = container?.type === "comment" ? container.id : null;
  return {
    id: content.id,
    version: content.version.number,
    spaceKey: space?.key ?? null,
    containerId: container && replied === null ? container.id : null,
    parentId: above?.id ?? replied,
    resolution: extensions?.resolution?.status ?? null,
  };
}

/** A v1 search hit that is a file. */
export function fileFromV1(content: z.infer<typeof anyContentSchema>, webBase: string): ListedFile {
  const { container, extensions, space, version } = content;
  return {
    id: content.id,
    title: content.title,
    version: version.number,
    spaceKey: space?.key ?? null,
    containerId: container?.id ?? null,
    mediaType: extensions?.mediaType ?? null,
    bytes: extensions?.fileSize ?? null,
    fileId: extensions?.fileId ?? null,
    url: pageUrl(content._links.webui, container?.id ?? content.id, webBase),
    modifiedAt: version.when,
  };
}

/** The same with its body. */
export function commentWithBody(content: z.infer<typeof commentSchema>, webBase: string): Comment {
  const { extensions, history, version } = content;
  return {
    ...commentFromV1(content),
    location: extensions?.location === "inline" ? "inline" : "footer",
    selection: extensions?.inlineProperties?.originalSelection ?? null,
    authorId: history?.createdBy?.accountId ?? null,
    authorName: history?.createdBy?.displayName ?? null,
    createdAt: history?.createdDate ?? version.when,
    modifiedAt: version.when,
    url: pageUrl(content._links.webui, content.id, webBase),
    body: content.body.storage.value,
  };
}

export function isWebAddress(address: string): boolean {
  return /^https?:\/\//.test(address) && URL.canParse(address);
}

/** `_links.base` of a response when it is a web address, else the site's own. */
export function webBaseOf(base: string | null | undefined, siteBase: string): string {
  return base && isWebAddress(base) ? base.replace(/\/$/, "") : `${siteBase}/wiki`;
}

function pageUrl(webui: string | null | undefined, id: string, webBase: string): string {
  const path = webui?.startsWith("/") ? webui : `/pages/viewpage.action?pageId=${id}`;
  return webBase + path;
}
