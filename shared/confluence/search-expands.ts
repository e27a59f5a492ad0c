import type { ContentKind } from "#shared/content-kinds.ts";

/** What the search expands of content whose kind is not asked about. */
export const OF_EVERY_KIND = ["version", "space"];
/** What the search expands of each kind. */
export const EXPANDS = {
  page: ["version", "ancestors", "metadata.labels", "space"],
  blogpost: ["version", "metadata.labels", "space"],
  comments: ["version", "ancestors", "space", "container", "extensions.resolution"],
  attachment: ["version", "space", "container"],
} satisfies Record<ContentKind, string[]>;
/** What it expands of comments that are asked for with their bodies. */
export const COMMENT_EXPAND = [
  "version",
  "ancestors",
  "space",
  "container",
  "history",
  "body.storage",
  "extensions.resolution",
  "extensions.inlineProperties",
];
