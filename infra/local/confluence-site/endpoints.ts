import { v1Error, v2Error, type Reply } from "./responses.ts";
import { handleRestHooks, REST_HOOKS } from "./rest-hooks.ts";
import type { PageKind, Site } from "./site.ts";
import { searchAnything, searchContent } from "./v1-search.ts";
import { getComment, listComments, listPageComments, listReplies } from "./v2-comments.ts";
import type { ListingRequest } from "./v2-listing.ts";
import { getPage, listPageLabels, listPages } from "./v2-pages.ts";
import {
  getFolder,
  getSpace,
  listLabelPages,
  listSpaceLabels,
  listSpacePages,
  listSpaces,
  lookUpUsers,
} from "./v2-spaces.ts";
import type { Viewer } from "./visibility.ts";

const V2 = "/wiki/api/v2/";

type Call = ListingRequest & { method: string; body: string };
type Handler = (site: Site, viewer: Viewer, call: Call, id: string) => Reply;

const folder =
  (kind: string): Handler =>
  (site, viewer, _call, id) =>
    getFolder(site, viewer, kind, id);

/** The endpoints of pages and of blog posts, which differ in their path only. */
const pagesOf = (kind: PageKind): Record<string, Handler> => ({
  [`GET ${kind}s`]: (site, viewer, call) => listPages(site, viewer, call, { kind }),
  [`GET ${kind}s/{id}`]: (site, viewer, { query }, id) => getPage(site, viewer, { kind, id, query }),
  [`GET ${kind}s/{id}/labels`]: (site, viewer, call, id) => listPageLabels(site, viewer, call, { kind, id }),
  [`GET spaces/{id}/${kind}s`]: (site, viewer, call, id) => listSpacePages(site, viewer, call, { kind, id }),
  [`GET labels/{id}/${kind}s`]: (site, viewer, call, id) => listLabelPages(site, viewer, call, { kind, id }),
});

/** The endpoints of footer comments, or of inline ones. */
const commentsOf = (location: "footer" | "inline"): Record<string, Handler> => ({
  [`GET ${location}-comments`]: (site, viewer, call) => listComments(site, viewer, call, location),
  [`GET ${location}-comments/{id}`]: (site, viewer, call, id) =>
    getComment(site, viewer, call, { id, location }),
  [`GET ${location}-comments/{id}/children`]: (site, viewer, call, id) =>
    listReplies(site, viewer, call, { id, location }),
  [`GET pages/{id}/${location}-comments`]: (site, viewer, call, id) =>
    listPageComments(site, viewer, call, { kind: "page", id, location }),
  [`GET blogposts/{id}/${location}-comments`]: (site, viewer, call, id) =>
    listPageComments(site, viewer, call, { kind: "blogpost", id, location }),
});

/** By method and path, v2's without its beginning; the first number in a path is its id. */
const ENDPOINTS: Record<string, Handler> = {
  "GET /wiki/rest/api/content/search": (site, viewer, { query }) => searchContent(site, viewer, query),
  "GET /wiki/rest/api/search": (site, viewer, { query }) => searchAnything(site, viewer, query),
  ...pagesOf("page"),
  ...pagesOf("blogpost"),
  ...commentsOf("footer"),
  ...commentsOf("inline"),
  "GET spaces": listSpaces,
  "GET spaces/{id}": (site, viewer, _call, id) => getSpace(site, viewer, id),
  "GET spaces/{id}/content/labels": listSpaceLabels,
  "GET folders/{id}": folder("folder"),
  "GET whiteboards/{id}": folder("whiteboard"),
  "GET databases/{id}": folder("database"),
  "GET embeds/{id}": folder("embed"),
  "POST users-bulk": (site, _viewer, { body }) => lookUpUsers(site, body),
};

/** The reply of an endpoint to someone who may ask. */
export function endpoint(site: Site, viewer: Viewer, call: Call): Reply {
  const { method, path, body } = call;
  if (path.startsWith(REST_HOOKS)) return handleRestHooks(site, method, path, body);
  const isV2 = path.startsWith(V2);
  const id = /\/(\d+)(?=\/|$)/.exec(path)?.[1] ?? "";
  const name = (isV2 ? path.slice(V2.length) : path).replace(/\/\d+(?=\/|$)/, "/{id}");
  const handler = ENDPOINTS[`${method} ${name}`];
  if (handler) return handler(site, viewer, call, id);
  if (method !== "GET") return v1Error(405, "The simulated site is read-only but for /admin");
  return isV2 ? v2Error(404, "Not Found") : v1Error(404, "Not Found");
}
