import type { Site, SiteContent } from "./site.ts";
import { attachmentJson } from "./v1-attachments.ts";
import { commentJson } from "./v1-comments.ts";
import { contentJson } from "./v1-content.ts";
import type { Viewer } from "./visibility.ts";

/** What each kind can expand, apart from bodies. */
const EXPANDS: Record<SiteContent["kind"], string[]> = {
  page: ["version", "history", "ancestors", "metadata.labels", "space", "container"],
  blogpost: ["version", "history", "metadata.labels", "space", "container"],
  attachment: ["version", "history", "metadata.labels", "space", "container"],
  comment: [
    "version",
    "history",
    "ancestors",
    "space",
    "container",
    "extensions.resolution",
    "extensions.inlineProperties",
  ],
};

/** The first expand that a kind does not have; null when it has them all. */
export function unknownExpand(kind: SiteContent["kind"], expand: ReadonlySet<string>): string | null {
  return [...expand].find((name) => !EXPANDS[kind].includes(name) && !name.startsWith("body.")) ?? null;
}

/** Content of any kind as v1 writes it. */
export function hitJson(
  site: Site,
  viewer: Viewer,
  content: SiteContent,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  if (content.kind === "comment") return commentJson(site, viewer, content, expand);
  if (content.kind === "attachment") return attachmentJson(site, content, expand);
  return contentJson(site, viewer, content, expand);
}
