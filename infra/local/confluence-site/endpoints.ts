import { v1Error, v2Error, type Reply } from "./responses.ts";
import { handleRestHooks, REST_HOOKS } from "./rest-hooks.ts";
import type { PageKind, Site } from "./site.ts";
import { downloadAttachment } from "./v1-attachments.ts";
import { listGroups, listMembers } from "./v1-groups.ts";
import { checkPermission } from "./v1-permission-check.ts";
import { getRestriction, getRestrictions } from "./v1-restrictions.ts";
import { searchAnything, searchContent } from "./v1-search.ts";
import { getAttachment, listAttachments } from "./v2-attachments.ts";
import { getComment, listComments, listPageComments, listReplies } from "./v2-comments.ts";
import { convertIdsToTypes } from "./v2-content-types.ts";
import type { ListingRequest } from "./v2-listing.ts";
import { getPage, listPageLabels, listPages } from "./v2-pages.ts";
import { getRoleMode, listRoleAssignments, listRoles, listSpacePermissions } from "./v2-space-permissions.ts";
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
/** `ids` are those in the path; the last argument is the first of them. */
type Asked = Call & { ids: string[] };
type Handler = (site: Site, viewer: Viewer, call: Asked, id: string) => Reply;

const folder =
  (kind: string): Handler =>
  (site, viewer, _call, id) =>
    getFolder(site, viewer, kind, id);

/** The endpoints of pages and of blog posts, which differ in their path only. */
const pagesOf = (kind: PageKind): Record<string, Handler> => ({
  [`GET ${kind}s`]: (site, viewer, call) => listPages(site, viewer, call, { kind }),
  [`GET ${kind}s/{id}`]: (site, viewer, { query }, id) => getPage(site, viewer, { kind, id, query }),
  [`GET ${kind}s/{id}/labels`]: (site, viewer, call, id) => listPageLabels(site, viewer, call, { kind, id }),
  [`GET ${kind}s/{id}/attachments`]: (site, viewer, call, id) =>
    listAttachments(site, viewer, call, { kind, id }),
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

const RESTRICTION = "GET /wiki/rest/api/content/{id}/restriction/byOperation";

/** Who may see what. */
const ofPermissions: Record<string, Handler> = {
  [RESTRICTION]: (site, viewer, _call, id) => getRestrictions(site, viewer, id),
  [`${RESTRICTION}/read`]: (site, viewer, { query }, id) =>
    getRestriction(site, viewer, { id, operation: "read", query }),
  [`${RESTRICTION}/update`]: (site, viewer, { query }, id) =>
    getRestriction(site, viewer, { id, operation: "update", query }),
  "POST /wiki/rest/api/content/{id}/permission/check": (site, viewer, { body }, id) =>
    checkPermission(site, viewer, id, body),
  "GET /wiki/rest/api/group": (site, _viewer, call) => listGroups(site, call),
  "GET /wiki/rest/api/group/{id}/membersByGroupId": (site, _viewer, call, id) => listMembers(site, call, id),
  "GET spaces/{id}/permissions": listSpacePermissions,
  "GET spaces/{id}/role-assignments": listRoleAssignments,
  "GET space-roles": listRoles,
  "GET space-role-mode": (site) => getRoleMode(site),
};

/** Ids in paths: numbers, those of files with `att` before, and those of groups. */
const ID = /(?<=\/)(?:(?:att)?\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=\/|$)/g;

/** By method and path, v2's without its beginning. */
const ENDPOINTS: Record<string, Handler> = {
  "GET /wiki/rest/api/content/search": (site, viewer, { query }) => searchContent(site, viewer, query),
  "GET /wiki/rest/api/search": (site, viewer, { query }) => searchAnything(site, viewer, query),
  ...pagesOf("page"),
  ...pagesOf("blogpost"),
  ...commentsOf("footer"),
  ...commentsOf("inline"),
  ...ofPermissions,
  "GET spaces": listSpaces,
  "GET spaces/{id}": (site, viewer, _call, id) => getSpace(site, viewer, id),
  "GET spaces/{id}/content/labels": listSpaceLabels,
  "GET folders/{id}": folder("folder"),
  "GET whiteboards/{id}": folder("whiteboard"),
  "GET databases/{id}": folder("database"),
  "GET embeds/{id}": folder("embed"),
  "GET attachments": (site, viewer, call) => listAttachments(site, viewer, call),
  "GET attachments/{id}": (site, viewer, _call, id) => getAttachment(site, viewer, id),
  "GET /wiki/rest/api/content/{id}/child/attachment/{id}/download": (site, viewer, { ids, query }) =>
    downloadAttachment(site, viewer, {
      containerId: ids[0] ?? "",
      id: ids[1] ?? "",
      version: query.get("version"),
    }),
  "POST content/convert-ids-to-types": (site, viewer, { body }) => convertIdsToTypes(site, viewer, body),
  "POST users-bulk": (site, _viewer, { body }) => lookUpUsers(site, body),
};

/** The reply of an endpoint to someone who may ask. */
export function endpoint(site: Site, viewer: Viewer, call: Call): Reply {
  const { method, path, body } = call;
  if (path.startsWith(REST_HOOKS)) return handleRestHooks(site, method, path, body);
  if (path.startsWith("/wiki/download/")) return v1Error(401, "API tokens are not accepted here");
  const isV2 = path.startsWith(V2);
  const ids: string[] = [];
  const name = (isV2 ? path.slice(V2.length) : path).replaceAll(ID, (id) => {
    ids.push(id);
    return "{id}";
  });
  const handler = ENDPOINTS[`${method} ${name}`];
  if (handler) return handler(site, viewer, { ...call, ids }, ids[0] ?? "");
  if (method !== "GET") return v1Error(405, "The simulated site is read-only but for /admin");
  return isV2 ? v2Error(404, "Not Found") : v1Error(404, "Not Found");
}
