import { repliesOf } from "./comment-edits.ts";
import { renderedComment } from "./export-view.ts";
import { ok, v2Error, type Reply } from "./responses.ts";
import { contentById, titleOf } from "./content.ts";
import { RESOLUTIONS, type PageKind, type Site, type SiteComment, type SiteContent } from "./site.ts";
import { markerOf } from "./v1-comments.ts";
import { listingReply, orderByDate, type ListingRequest } from "./v2-listing.ts";
import { listOf, visiblePage } from "./v2-pages.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";
import { contentPath } from "./web-paths.ts";

type Location = SiteComment["location"];

/** `GET /footer-comments` or `/inline-comments`: the threads of the whole site, without replies. */
export function listComments(site: Site, viewer: Viewer, request: ListingRequest, location: Location): Reply {
  const roots = [...site.comments.values()].filter(
    (comment) => comment.location === location && comment.parentId === null,
  );
  return commentsReply(site, viewer, request, roots);
}

/** `GET /pages/{id}/footer-comments` and the like: the threads of a page or blog post, without replies. */
export function listPageComments(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { kind, id, location }: { kind: PageKind; id: string; location: Location },
): Reply {
  if (!visiblePage(site, viewer, kind, id)) return v2Error(404, "Not Found");
  const statuses = listOf(request.query, "resolution-status");
  const unknown = statuses?.find((status) => !RESOLUTIONS.some((known) => known === status));
  if (unknown !== undefined) return v2Error(400, `${unknown} is not a valid resolution-status`);
  const roots = [...site.comments.values()].filter(
    (comment) =>
      comment.containerId === id &&
      comment.location === location &&
      comment.parentId === null &&
      (location === "footer" || !statuses || statuses.includes(comment.resolution.status)),
  );
  return commentsReply(site, viewer, request, roots);
}

/** `GET /footer-comments/{id}/children` or `/inline-comments/{id}/children`: the direct replies. */
export function listReplies(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { id, location }: { id: string; location: Location },
): Reply {
  const comment = visibleComment(site, viewer, id, location);
  return comment ? commentsReply(site, viewer, request, repliesOf(site, id)) : v2Error(404, "Not Found");
}

/** `GET /footer-comments/{id}` or `/inline-comments/{id}`, of a reply too. */
export function getComment(
  site: Site,
  viewer: Viewer,
  { query }: ListingRequest,
  { id, location }: { id: string; location: Location },
): Reply {
  const comment = visibleComment(site, viewer, id, location);
  if (!comment) return v2Error(404, "Not Found");
  const format = query.get("body-format");
  const value = format === "storage" ? comment.body : renderedComment(site, viewer, comment);
  return ok({
    ...commentJson(site, comment),
    ...(comment.parentId === null ? {} : containerField(contentById(site, comment.containerId))),
    ...(location === "inline" && comment.resolution.changedAt !== null
      ? {
          resolutionLastModifierId: comment.resolution.changedBy,
          resolutionLastModifiedAt: comment.resolution.changedAt.toISOString(),
        }
      : {}),
    body: format === null ? {} : { [format]: { representation: format, value } },
  });
}

function visibleComment(site: Site, viewer: Viewer, id: string, location: Location): SiteComment | null {
  const comment = site.comments.get(id);
  const isVisible =
    comment?.location === location && isCurrent(site, comment) && canSee(site, viewer, comment);
  return isVisible ? comment : null;
}

function commentsReply(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  comments: readonly SiteComment[],
): Reply {
  const format = request.query.get("body-format");
  const order = orderByDate(request.query.get("sort") ?? "created-date");
  if (format !== null && format !== "storage") return v2Error(400, "body-format is not valid");
  if (!order) return v2Error(400, "sort is not valid");
  const items = comments.filter((comment) => isCurrent(site, comment) && canSee(site, viewer, comment));
  const write = (comment: SiteComment) => ({
    ...commentJson(site, comment),
    body: format === null ? {} : { storage: { representation: "storage", value: comment.body } },
  });
  return listingReply(site, request, { items, order, write });
}

function commentJson(site: Site, comment: SiteComment): Record<string, unknown> {
  const { version, resolution } = comment;
  return {
    id: comment.id,
    status: "current",
    title: titleOf(site, comment),
    ...(comment.parentId === null
      ? containerField(contentById(site, comment.containerId))
      : { parentCommentId: comment.parentId }),
    version: {
      number: version.number,
      message: version.message,
      minorEdit: false,
      authorId: version.authorId,
      createdAt: version.createdAt.toISOString(),
    },
    ...(comment.location === "inline"
      ? {
          resolutionStatus: resolution.status,
          properties: {
            inlineMarkerRef: markerOf(comment),
            inlineOriginalSelection: comment.selection ?? "",
          },
        }
      : {}),
    _links: { webui: contentPath(site, comment) },
  };
}

/** What v2 calls the container of comments and files: a field for each kind. */
export function containerField(container: SiteContent | undefined): Record<string, string> {
  if (!container) return {};
  const names = {
    page: "pageId",
    blogpost: "blogPostId",
    comment: "parentCommentId",
    attachment: "attachmentId",
  };
  return { [names[container.kind]]: container.id };
}
