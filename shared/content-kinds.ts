import { z } from "zod";

/** Kinds of content that have a title, a version and a body of their own, and that Confluence lists by space, by their v1 names. */
export const PAGE_KINDS = ["page", "blogpost"] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

/** Kinds of content that search finds. */
export const CONTENT_KINDS = [...PAGE_KINDS] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** Which kinds besides pages a source syncs (`archon_sources.content`). */
export const contentOptions = z.object({ blogposts: z.boolean().default(false) });
export type ContentOptions = z.infer<typeof contentOptions>;

/** Of a new source that does not name them. */
export const NEW_SOURCE_CONTENT: ContentOptions = { blogposts: true };

/** The kinds that a source lists, in the order of its full listing. */
export function syncedKinds(content: ContentOptions): PageKind[] {
  return PAGE_KINDS.filter((kind) => kind === "page" || content.blogposts);
}

/** Of a source that was made before there were other kinds. */
export const PAGES_ONLY: ContentOptions = { blogposts: false };
