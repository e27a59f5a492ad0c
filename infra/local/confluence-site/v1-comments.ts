import { renderedComment } from "./export-view.ts";
import { webBase } from "./responses.ts";
import { contentById, pageOf, titleOf } from "./content.ts";
import type { Site, SiteComment, SiteContent } from "./site.ts";
import { spaceJson, userJson, versionJson } from "./v1-content.ts";
import type { Viewer } from "./visibility.ts";
import { contentPath } from "./web-paths.ts";

/** A comment as v1 writes it. What is not asked for by `expand` is named in `_expandable`. */
export function commentJson(
  site: Site,
  viewer: Viewer,
  comment: SiteComment,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const path = `/rest/api/content/${comment.id}`;
  const page = pageOf(site, comment);
  const space = page && site.spaces.get(page.spaceId);
  const expandable: Record<string, string> = { metadata: "", operations: "", children: `${path}/child` };
  const part = (name: string, link: string, value: () => unknown): Record<string, unknown> => {
    if (expand.has(name)) return { [name]: value() };
    expandable[name] = link;
    return {};
  };
  const formats = ["storage", "view", "export_view"].filter((format) => expand.has(`body.${format}`));
  const body = formats.map((format) => [
    format,
    {
      value: format === "storage" ? comment.body : renderedComment(site, viewer, comment),
      representation: format,
      embeddedContent: [],
    },
  ]);
  if (body.length === 0) expandable["body"] = "";
  return {
    id: comment.id,
    type: "comment",
    status: "current",
    title: titleOf(site, comment),
    ...part("space", space ? `/rest/api/space/${space.key}` : "", () => space && spaceJson(site, space)),
    ...part("version", "", () => versionJson(site, comment)),
    ...part("history", `${path}/history`, () => historyJson(site, comment)),
    ...part("ancestors", "", () => ancestorsOf(site, comment).map((item) => briefJson(site, item))),
    ...part("container", `/rest/api/content/${shownContainerId(site, comment)}`, () =>
      containerJson(site, shownContainerId(site, comment)),
    ),
    ...(body.length === 0 ? {} : { body: Object.fromEntries(body) as unknown }),
    macroRenderedOutput: {},
    extensions: extensionsOf(site, comment, expand),
    _expandable: expandable,
    _links: { self: `${webBase(site)}${path}`, webui: contentPath(site, comment) },
  };
}

/** Who made content and when, as v1 writes it. */
export function historyJson(site: Site, content: SiteContent): unknown {
  return {
    latest: true,
    createdBy: userJson(site, content.authorId),
    createdDate: content.createdAt.toISOString(),
    _expandable: { lastUpdated: "", previousVersion: "", contributors: "", nextVersion: "" },
    _links: { self: `${webBase(site)}/rest/api/content/${content.id}/history` },
  };
}

/** What content is on, as v1 writes it. */
export function containerJson(site: Site, id: string): unknown {
  const container = contentById(site, id);
  return container ? briefJson(site, container) : {};
}

/** The id of what v1 calls the container; of a reply the page, or the comment that it replies to, by the setting. */
export function shownContainerId(
  site: Site,
  content: { containerId: string; parentId?: string | null },
): string {
  return site.settings.reply_container === "comment"
    ? (content.parentId ?? content.containerId)
    : content.containerId;
}

/** The comments above a reply, the root first. */
function ancestorsOf(site: Site, comment: SiteComment): SiteComment[] {
  const parent = comment.parentId === null ? undefined : site.comments.get(comment.parentId);
  return parent ? [...ancestorsOf(site, parent), parent] : [];
}

function extensionsOf(site: Site, comment: SiteComment, expand: ReadonlySet<string>): unknown {
  const { location, selection } = comment;
  const expandable: Record<string, string> = {};
  const extensions: Record<string, unknown> = { location, _expandable: expandable };
  // A reply stands as its thread does.
  const { status, changedAt, changedBy } = (ancestorsOf(site, comment)[0] ?? comment).resolution;
  if (!expand.has("extensions.resolution")) expandable["resolution"] = "";
  else if (location === "inline") {
    extensions["resolution"] = {
      status,
      ...(changedAt === null ? {} : { lastModifiedDate: changedAt.toISOString() }),
      ...(changedBy === null ? {} : { lastModifier: userJson(site, changedBy) }),
    };
  }
  if (location === "footer") return extensions;
  if (expand.has("extensions.inlineProperties")) {
    const root = ancestorsOf(site, comment)[0] ?? comment;
    extensions["inlineProperties"] = { originalSelection: selection, markerRef: markerOf(root) };
  } else expandable["inlineProperties"] = "";
  return extensions;
}

/** What an inline comment's marker in the page is called. */
export function markerOf(comment: SiteComment): string {
  return `00000000-0000-4000-8000-${comment.id.padStart(12, "0")}`;
}

function briefJson(site: Site, content: SiteContent): unknown {
  return {
    id: content.id,
    type: content.kind,
    status: "status" in content ? content.status : "current",
    title: titleOf(site, content),
    macroRenderedOutput: {},
    extensions: {},
    _expandable: { container: "", metadata: "", operations: "", children: "", history: "", version: "" },
    _links: {
      self: `${webBase(site)}/rest/api/content/${content.id}`,
      webui: contentPath(site, content),
    },
  };
}
