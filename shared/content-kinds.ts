import { z } from "zod";

/** Kinds of content that have a title, a version and a body of their own, and that Confluence lists by space, by their v1 names. */
export const PAGE_KINDS = ["page", "blogpost"] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

/** By what a link names content instead of an id, as a key of a map: a page and a blog post may have the same title. */
export function nameOf({ kind, title }: { kind: ContentKind; title: string }): string {
  return `${kind} ${title}`;
}

/** Kinds of documents that search finds; `comments`: all comments of one page or blog post; `attachment`: one file on it. */
export const CONTENT_KINDS = [...PAGE_KINDS, "comments", "attachment"] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** `open`: threads that are not resolved and whose text is still in the page. */
export const COMMENT_OPTIONS = ["none", "open", "all"] as const;

/** Which kinds besides pages a source syncs (`archon_sources.content`). */
export const contentOptions = z.object({
  blogposts: z.boolean().default(false),
  comments: z.enum(COMMENT_OPTIONS).default("none"),
  attachments: z.boolean().default(false),
});
export type ContentOptions = z.infer<typeof contentOptions>;

/** Of a new source that does not name them. */
export const NEW_SOURCE_CONTENT: ContentOptions = { blogposts: true, comments: "open", attachments: true };

/** Of a source that was made before there were other kinds. */
export const PAGES_ONLY: ContentOptions = { blogposts: false, comments: "none", attachments: false };

/** The kinds that a source lists. */
export function syncedKinds({ blogposts, comments, attachments }: ContentOptions): ContentKind[] {
  const isSynced = {
    page: true,
    blogpost: blogposts,
    comments: comments !== "none",
    attachment: attachments,
  };
  return CONTENT_KINDS.filter((kind) => isSynced[kind]);
}

/** The same in the order in which one is listed after the other: comments last, because one on a file belongs to the page that the file's row names. */
export function kindsToList(content: ContentOptions): ContentKind[] {
  return syncedKinds(content).toSorted((a, b) => Number(a === "comments") - Number(b === "comments"));
}

/** Those of them that have a listing by v2. */
export function syncedPageKinds(content: ContentOptions): PageKind[] {
  const kinds: readonly string[] = syncedKinds(content);
  return PAGE_KINDS.filter((kind) => kinds.includes(kind));
}

/** The key of the document of a container's comments: Confluence's ids have no prefix of letters and a hyphen. */
export function commentsId(containerId: string): string {
  return `comments-${containerId}`;
}

/** Of what Confluence lists, only ids of files begin so. */
export function isFileId(id: string): boolean {
  return id.startsWith("att");
}

/** What `commentsId` made a key from. */
export function containerOfComments(documentId: string): string {
  return documentId.slice(commentsId("").length);
}
