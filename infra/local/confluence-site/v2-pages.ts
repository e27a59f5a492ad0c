import { ok, tinyPath, v2Error, webPath, type Reply } from "./responses.ts";
import { renderedBody } from "./export-view.ts";
import { parentTypeOf, type Site, type SitePage } from "./site.ts";
import { listingReply, type ListingOrder, type ListingRequest } from "./v2-listing.ts";
import { canSeePage, type Viewer } from "./visibility.ts";

const MAX_IDS = 250;
const STATUSES = ["current", "archived", "trashed", "deleted"];
const LISTED_BODIES = ["storage", "atlas_doc_format"];
const SINGLE_BODIES = ["storage", "view", "export_view", "anonymous_export_view", "styled_view", "editor"];

/** `GET /pages`, and with the path of another collection its pages (`/spaces/{id}/pages`, `/labels/{id}/pages`). */
export function listPages(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  only: (page: SitePage) => boolean = () => true,
): Reply {
  const { query } = request;
  const ids = listOf(query, "id");
  const spaceIds = listOf(query, "space-id");
  // `current` and `archived` when nothing is said.
  const statuses = listOf(query, "status") ?? ["current", "archived"];
  const unknown = statuses.find((status) => !STATUSES.includes(status));
  const title = query.get("title");
  const format = query.get("body-format");
  const order = pageOrder(query.get("sort") ?? "id");
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
      statuses.includes(page.status) &&
      (!spaceIds || spaceIds.includes(page.spaceId)) &&
      (title === null || page.title === title) &&
      only(page) &&
      canSeePage(site, viewer, page),
  );
  const write = (page: SitePage) => ({
    ...pageJson(site, page),
    body: format === "storage" ? { storage: { representation: "storage", value: page.storage } } : {},
  });
  return listingReply(site, request, { items: pages, order, write });
}

/** `GET /pages/{id}`; current and archived pages, unless `status` says otherwise. */
export function getPage(site: Site, viewer: Viewer, id: string, query: URLSearchParams): Reply {
  const statuses = listOf(query, "status") ?? ["current", "archived", "trashed"];
  const format = query.get("body-format");
  if (format !== null && !SINGLE_BODIES.includes(format)) return v2Error(400, "body-format is not valid");
  const page = site.pages.get(id);
  if (!page || !statuses.includes(page.status) || !canSeePage(site, viewer, page)) {
    return v2Error(404, "Not Found");
  }
  const value = format === "storage" ? page.storage : renderedBody(site, viewer, page);
  return ok({
    ...pageJson(site, page),
    body: format === null ? {} : { [format]: { representation: format, value } },
    ...(query.get("include-labels") === "true" ? { labels: labelsJson(site, page) } : {}),
  });
}

function labelsJson(site: Site, page: SitePage): unknown {
  const results = page.labels.map((name) => ({ id: site.labels.get(name), name, prefix: "global" }));
  return {
    results: results.slice(0, 50),
    meta: { hasMore: results.length > 50 },
    _links: { self: `/wiki/api/v2/pages/${page.id}/labels` },
  };
}

function pageJson(site: Site, page: SitePage): Record<string, unknown> {
  const { version } = page;
  return {
    id: page.id,
    status: page.status,
    title: page.title,
    spaceId: page.spaceId,
    parentId: page.parentId,
    parentType: parentTypeOf(site, page.parentId),
    position: page.position,
    authorId: page.authorId,
    ownerId: page.authorId,
    lastOwnerId: null,
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
      webui: webPath(site.spaces.get(page.spaceId)?.key ?? "", page.id, page.title),
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
