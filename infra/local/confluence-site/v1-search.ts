import { listingPage, ok, v1Error, webBase, type Reply } from "./responses.ts";
import { contentPath, pagePath } from "./web-paths.ts";
import { CqlError } from "./cql-parser.ts";
import { compareHits, searchSite, type Hit } from "./cql-search.ts";
import { readSearchCursor, writeSearchCursor, type SearchCursor } from "./cursors.ts";
import {
  ACCOUNT_ID,
  ancestorsOf,
  isFolder,
  spaceByKey,
  type Folder,
  type Site,
  type SiteContent,
  type SitePage,
} from "./site.ts";
import { userJson } from "./v1-content.ts";
import { hitJson, unknownExpand } from "./v1-hit.ts";
import { isRestrictionExpand } from "./v1-restrictions.ts";
import type { Viewer } from "./visibility.ts";

const DEFAULT_LIMIT = 25;

/** The most hits of one response with rendered or stored bodies; Confluence says nothing when it cuts to these. */
const RENDERED_LIMIT = 25;
const STORAGE_LIMIT = 50;

/** `GET /rest/api/user/current`. */
export function currentUser(site: Site, viewer: Viewer): Reply {
  if (viewer === "anonymous") {
    return ok({
      type: "anonymous",
      profilePicture: { path: "/wiki/aa-avatar/anonymous", width: 48, height: 48, isDefault: true },
      displayName: "Anonymous",
      isExternalCollaborator: false,
      isGuest: false,
      _expandable: { operations: "" },
      _links: { self: `${webBase(site)}/rest/api/user/current`, base: webBase(site), context: "/wiki" },
    });
  }
  return ok({
    ...userJson(site, ACCOUNT_ID),
    timeZone: site.settings.time_zone_hidden ? null : site.settings.time_zone,
  });
}

/** `GET /rest/api/content/search`: hits as content, no total, `next` without `/wiki`. */
export function searchContent(site: Site, viewer: Viewer, query: URLSearchParams): Reply {
  const expand = new Set(query.getAll("expand").flatMap((value) => value.split(",")));
  const most = [...expand].some((name) => /^body\.(export_view|styled_view|view)$/.test(name))
    ? RENDERED_LIMIT
    : expand.has("body.storage")
      ? STORAGE_LIMIT
      : [...expand].some(isRestrictionExpand)
        ? site.settings.restrictions_page_size
        : 250;
  const ofAncestors = [...expand].some((name) => name.startsWith("ancestors.restrictions"));
  const write = ({ content }: Hit) => {
    const unknown = site.settings.unknown_expands === "reject" ? unknownExpand(content.kind, expand) : null;
    if (unknown !== null) throw new CqlError(`${unknown} cannot be expanded for ${content.kind}`);
    if (
      ofAncestors &&
      "parentId" in content &&
      "spaceId" in content &&
      ancestorsOf(site, content).some(isHidden)
    )
      throw new MissingAncestor("An ancestor of a hit is not there");
    return hitJson(site, viewer, content, expand);
  };
  return search(site, viewer, query, { path: "/rest/api/content/search", most, write });
}

/** `GET /rest/api/search`: hits with excerpt and breadcrumbs, and a total. */
export function searchAnything(site: Site, viewer: Viewer, query: URLSearchParams): Reply {
  const write = ({ content, entry }: Hit) => ({
    content: hitJson(site, viewer, content, new Set()),
    title: entry.title,
    excerpt: excerptOf(content),
    url: contentPath(site, content),
    resultGlobalContainer: {
      title: spaceByKey(site, entry.spaceKey)?.name ?? "",
      displayUrl: `/spaces/${entry.spaceKey}`,
    },
    breadcrumbs: ("spaceId" in content ? ancestorsOf(site, content) : []).map((item) => ({
      label: item.title,
      url: pagePath(site, item),
      separator: "/",
    })),
    entityType: "content",
    iconCssClass: `aui-icon content-type-${content.kind}`,
    lastModified: new Date(entry.lastModified).toISOString(),
    friendlyLastModified: new Date(entry.lastModified).toISOString().slice(0, 10),
    score: 0,
  });
  return search(site, viewer, query, { path: "/rest/api/search", most: 250, write });
}

function search(
  site: Site,
  viewer: Viewer,
  query: URLSearchParams,
  { path, most, write }: { path: string; most: number; write: (hit: Hit) => unknown },
): Reply {
  const cql = query.get("cql");
  if (cql === null || cql === "") return v1Error(400, "cql query is required");
  const limit = Number(query.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 0) return v1Error(400, "limit must not be negative");
  const cursorText = query.get("cursor");
  const cursor = cursorText === null ? null : readSearchCursor(cursorText);
  if (cursorText !== null && !cursor) return v1Error(400, "The cursor is not valid");
  try {
    const { hits, descending } = searchSite(site, viewer, cql);
    const rest = cursor ? hitsAfter(site, hits, cursor, descending) : hits;
    const page = rest.slice(0, Math.min(limit, most, site.settings.max_page_size));
    const last = page.at(-1);
    const start = cursor?.offset ?? 0;
    const more = last !== undefined && rest.length > page.length;
    const next = new URLSearchParams(query);
    if (more) {
      const offset = start + page.length;
      next.set("next", "true");
      next.set("cursor", writeSearchCursor({ offset, value: last.value, id: last.entry.id }));
      next.set("start", String(offset));
    }
    return listingPage(
      page.map(write),
      {
        base: webBase(site),
        context: "/wiki",
        self: `${webBase(site)}${path}?${query.toString()}`,
        ...(more ? { next: `${path}?${next.toString()}` } : {}),
      },
      {
        start,
        limit,
        size: page.length,
        ...(path === "/rest/api/search"
          ? { totalSize: hits.length, cqlQuery: cql, searchDuration: 12, archivedResultCount: 0 }
          : {}),
      },
    );
  } catch (error) {
    if (error instanceof MissingAncestor) return v1Error(404, error.message);
    if (error instanceof CqlError) return v1Error(400, `Could not parse cql : ${error.message}`);
    throw error;
  }
}

/** One draft or page in the trash above a hit, and the whole search is refused (CONFCLOUD-77618). */
class MissingAncestor extends Error {}

function isHidden(item: SitePage | Folder): boolean {
  return "status" in item && item.status !== "current";
}

function excerptOf(content: SiteContent | Folder): string {
  if (isFolder(content) || content.kind === "attachment") return "";
  const text = content.kind === "comment" ? content.body : content.storage;
  return text.replaceAll(/<[^>]*>/g, " ").slice(0, 200);
}

function hitsAfter(site: Site, hits: Hit[], cursor: SearchCursor, descending: boolean): Hit[] {
  if (site.settings.search_paging === "offset") return hits.slice(cursor.offset);
  return hits.filter((hit) => compareHits(hit, cursor, descending) > 0);
}
