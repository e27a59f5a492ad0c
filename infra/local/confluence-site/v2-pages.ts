import { ok, tinyPath, v2Error, type Reply } from "./responses.ts";
import { renderedBody } from "./export-view.ts";
import { parentTypeOf, type PageKind, type Site, type SitePage } from "./site.ts";
import { byId, listingReply, type ListingOrder, type ListingRequest } from "./v2-listing.ts";
import { canSeePage, type Viewer } from "./visibility.ts";
import { pagePath } from "./web-paths.ts";

const MAX_IDS = 250;
/** The statuses that may be asked for; what a listing and a single request show when nothing is said. Never a draft. */
const STATUSES: Record<PageKind, { known: string[]; listed: string[]; single: string[] }> = {
  page: {
    known: ["current", "archived", "trashed", "deleted"],
    listed: ["current", "archived"],
    single: ["current", "archived", "trashed"],
  },
  blogpost: {
    known: ["current", "trashed", "deleted"],
    listed: ["current"],
    single: ["current", "trashed"],
  },
};
const LISTED_BODIES = ["storage", "atlas_doc_format"];
const SINGLE_BODIES = ["storage", "view", "export_view", "anonymous_export_view", "styled_view", "editor"];

/**
 * `GET /pages` or `/blogposts`, and with the path of another collection what of the kind it has (`/spaces/{id}/pages`,
 * `/labels/{id}/pages`).
 */
export function listPages(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { kind, only = () => true }: { kind: PageKind; only?: (page: SitePage) => boolean },
): Reply {
  const { query } = request;
  const ids = listOf(query, "id");
  const spaceIds = listOf(query, "space-id");
  const { known, listed } = STATUSES[kind];
  const statuses = listOf(query, "status") ?? listed;
  const unknown = statuses.find((status) => !known.includes(status));
  const title = query.get("title");
  const subtype = query.get("subtype");
  const format = query.get("body-format");
  const order = pageOrder(query.get("sort") ?? "id");
  if (subtype !== null && !["live", "page"].includes(subtype)) {
    return v2Error(400, `${subtype} is not a valid subtype`);
  }
  if (unknown !== undefined) return v2Error(400, `${unknown} is not a valid status`);
  if (ids && (ids.length > MAX_IDS || ids.some((id) => !/^\d+$/.test(id)))) {
    return v2Error(400, "id must be at most 250 whole numbers");
  }
  if (format !== null && !LISTED_BODIES.includes(format)) return v2Error(400, "body-format is not valid");
  if (format === "atlas_doc_format") return v2Error(400, "The simulated site has no atlas_doc_format");
  if (!order) return v2Error(400, "sort is not valid");
  const candidates = ids
    ? [...new Set(ids)].flatMap((id) => site.pages.get(id) ?? [])
    : [...site.pages.values()];
  const pages = candidates.filter(
    (page) =>
      page.kind === kind &&
      (subtype === null || (page.subtype ?? "page") === subtype) &&
      statuses.includes(page.status) &&
      (!spaceIds || spaceIds.includes(page.spaceId)) &&
      (title === null || page.title === title) &&
      only(page) &&
      canSeePage(site, viewer, page),
  );
  const write = (page: SitePage) => ({
    ...pageJson(site, page),
    // In listings only, and absent on other pages.
    ...(page.subtype === null ? {} : { subtype: page.subtype }),
    body: format === "storage" ? { storage: { representation: "storage", value: page.storage } } : {},
  });
  return listingReply(site, request, { items: pages, order, write });
}

/** `GET /pages/{id}` or `/blogposts/{id}`; deleted ones only when `status` says so. `version`: the present one, or the one before. */
export function getPage(
  site: Site,
  viewer: Viewer,
  { kind, id, query }: { kind: PageKind; id: string; query: URLSearchParams },
): Reply {
  const statuses = listOf(query, "status") ?? STATUSES[kind].single;
  const format = query.get("body-format");
  if (format !== null && !SINGLE_BODIES.includes(format)) return v2Error(400, "body-format is not valid");
  const now = visiblePage(site, viewer, kind, id);
  const page = now && atVersion(now, query.get("version"));
  if (!page || !statuses.includes(page.status)) return v2Error(404, "Not Found");
  const value = format === "storage" ? page.storage : renderedBody(site, viewer, page);
  return ok({
    ...pageJson(site, page),
    body: format === null ? {} : { [format]: { representation: format, value } },
    ...(query.get("include-labels") === "true" ? { labels: labelsJson(site, page) } : {}),
  });
}

/** `GET /pages/{id}/labels` or `/blogposts/{id}/labels`. */
export function listPageLabels(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { kind, id }: { kind: PageKind; id: string },
): Reply {
  const page = visiblePage(site, viewer, kind, id);
  if (!page) return v2Error(404, "Not Found");
  const labels = page.labels.map((name) => ({ id: site.labels.get(name) ?? "0", name, prefix: "global" }));
  return listingReply(site, request, { items: labels, order: byId(), write: (label) => label });
}

/** A page or blog post of any status that the viewer may see, drafts left out. */
export function visiblePage(site: Site, viewer: Viewer, kind: PageKind, id: string): SitePage | null {
  const page = site.pages.get(id);
  return page?.kind === kind && page.status !== "draft" && canSeePage(site, viewer, page) ? page : null;
}

function atVersion(page: SitePage, version: string | null): SitePage | null {
  if (version === null || Number(version) === page.version.number) return page;
  return page.before?.version.number === Number(version) ? { ...page, ...page.before } : null;
}

function labelsJson(site: Site, page: SitePage): unknown {
  const results = page.labels.map((name) => ({ id: site.labels.get(name), name, prefix: "global" }));
  return {
    results: results.slice(0, 50),
    meta: { hasMore: results.length > 50 },
    _links: { self: `/wiki/api/v2/${page.kind}s/${page.id}/labels` },
  };
}

function pageJson(site: Site, page: SitePage): Record<string, unknown> {
  const { version } = page;
  return {
    id: page.id,
    status: page.status,
    title: page.title,
    spaceId: page.spaceId,
    authorId: page.authorId,
    ...(page.kind === "page"
      ? {
          parentId: page.parentId,
          parentType: parentTypeOf(site, page.parentId),
          position: page.position,
          ownerId: page.authorId,
          lastOwnerId: null,
        }
      : {}),
    createdAt: page.createdAt.toISOString(),
    version: {
      number: version.number,
      message: version.message,
      minorEdit: false,
      authorId: version.authorId,
      createdAt: version.createdAt.toISOString(),
    },
    _links: {
      editui: `/pages/resumedraft.action?draftId=${page.id}`,
      edituiv2: `/spaces/${site.spaces.get(page.spaceId)?.key}/pages/edit-v2/${page.id}`,
      webui: pagePath(site, page),
      tinyui: tinyPath(page.id),
    },
  };
}

function pageOrder(sort: string): ListingOrder<SitePage> | null {
  const descending = sort.startsWith("-");
  const name = descending ? sort.slice(1) : sort;
  switch (name) {
    case "id":
      return { name, descending, value: (page) => Number(page.id) };
    case "title":
      return { name, descending, value: (page) => page.title };
    case "created-date":
      return { name, descending, value: (page) => page.createdAt.getTime() };
    case "modified-date":
      return { name, descending, value: (page) => page.version.createdAt.getTime() };
    default:
      return null;
  }
}

/** A parameter that may be repeated or hold commas; null when it is absent. */
export function listOf(query: URLSearchParams, name: string): string[] | null {
  const values = query.getAll(name).flatMap((value) => value.split(","));
  return values.length > 0 ? values.filter((value) => value !== "") : null;
}
