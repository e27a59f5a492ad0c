import { isFolder, type Folder, type FolderKind, type Site, type SiteContent } from "./site.ts";
import { attachmentJson } from "./v1-attachments.ts";
import { commentJson } from "./v1-comments.ts";
import { contentJson, folderJson } from "./v1-content.ts";
import { embeddedRestrictions, isRestrictionExpand } from "./v1-restrictions.ts";
import type { Viewer } from "./visibility.ts";

/** What each kind can expand, apart from bodies and restrictions. */
const FOLDER_EXPANDS = ["version", "history", "ancestors", "space", "container"];
const EXPANDS: Record<SiteContent["kind"] | FolderKind, string[]> = {
  folder: FOLDER_EXPANDS,
  whiteboard: FOLDER_EXPANDS,
  database: FOLDER_EXPANDS,
  embed: FOLDER_EXPANDS,
  page: ["version", "history", "ancestors", "metadata.labels", "space", "container"],
  blogpost: ["version", "history", "ancestors", "metadata.labels", "space", "container"],
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
export function unknownExpand(kind: keyof typeof EXPANDS, expand: ReadonlySet<string>): string | null {
  const isKnown = (name: string) =>
    EXPANDS[kind].includes(name) || name.startsWith("body.") || isRestrictionExpand(name);
  return [...expand].find((name) => !isKnown(name)) ?? null;
}

/** Content of any kind as v1 writes it. */
export function hitJson(
  site: Site,
  viewer: Viewer,
  content: SiteContent | Folder,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const json = withoutRestrictions(site, viewer, content, expand);
  if (![...expand].some(isRestrictionExpand)) return json;
  return { ...json, restrictions: embeddedRestrictions(site, content, expand) };
}

function withoutRestrictions(
  site: Site,
  viewer: Viewer,
  content: SiteContent | Folder,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  if (isFolder(content)) return folderJson(site, content, expand);
  if (content.kind === "comment") return commentJson(site, viewer, content, expand);
  if (content.kind === "attachment") return attachmentJson(site, content, expand);
  return contentJson(site, viewer, content, expand);
}
