import { presentFile } from "./file-edits.ts";
import { ok, v2Error, type Reply } from "./responses.ts";
import { contentById, numberOf } from "./content.ts";
import type { PageKind, Site, SiteAttachment } from "./site.ts";
import { containerField } from "./v2-comments.ts";
import { listingReply, orderByDate, type ListingRequest } from "./v2-listing.ts";
import { listOf, visiblePage } from "./v2-pages.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";
import { contentPath, downloadPath } from "./web-paths.ts";

const STATUSES = ["current", "archived", "trashed"];

/** `GET /attachments`, and with `on` those of a page or blog post; current ones unless `status` says otherwise. */
export function listAttachments(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  on?: { kind: PageKind; id: string },
): Reply {
  const { query } = request;
  const statuses = listOf(query, "status") ?? ["current", "archived"];
  const unknown = statuses.find((status) => !STATUSES.includes(status));
  const mediaType = query.get("mediaType");
  const name = query.get("filename");
  const order = orderByDate(query.get("sort") ?? "created-date");
  if (on && !visiblePage(site, viewer, on.kind, on.id)) return v2Error(404, "Not Found");
  if (unknown !== undefined) return v2Error(400, `${unknown} is not a valid status`);
  if (!order) return v2Error(400, "sort is not valid");
  const items = [...site.attachments.values()].filter(
    (attachment) =>
      (!on || attachment.containerId === on.id) &&
      statuses.includes(attachment.status) &&
      (mediaType === null || presentFile(attachment).mediaType === mediaType) &&
      (name === null || attachment.title === name) &&
      isVisible(site, viewer, attachment),
  );
  const write = (attachment: SiteAttachment) => attachmentJson(site, attachment);
  return listingReply(site, request, { items, order, write });
}

/** `GET /attachments/{id}`, of trashed ones too; the id with or without `att`. */
export function getAttachment(site: Site, viewer: Viewer, id: string): Reply {
  const attachment = site.attachments.get(`att${numberOf(id)}`);
  return attachment && isVisible(site, viewer, attachment)
    ? ok(attachmentJson(site, attachment))
    : v2Error(404, "Not Found");
}

/** A file in the trash is still seen; one whose page is there is not. */
function isVisible(site: Site, viewer: Viewer, attachment: SiteAttachment): boolean {
  const container = contentById(site, attachment.containerId);
  return container !== undefined && isCurrent(site, container) && canSee(site, viewer, container);
}

function attachmentJson(site: Site, attachment: SiteAttachment): Record<string, unknown> {
  const { version } = attachment;
  const file = presentFile(attachment);
  return {
    id: attachment.id,
    status: attachment.status,
    title: attachment.title,
    createdAt: attachment.createdAt.toISOString(),
    ...containerField(contentById(site, attachment.containerId)),
    mediaType: file.mediaType,
    mediaTypeDescription: "File",
    comment: "",
    fileId: file.fileId,
    fileSize: file.size,
    webuiLink: contentPath(site, attachment),
    downloadLink: downloadPath(attachment),
    version: {
      number: version.number,
      message: version.message,
      minorEdit: false,
      authorId: version.authorId,
      createdAt: version.createdAt.toISOString(),
    },
    _links: { webui: contentPath(site, attachment), download: downloadPath(attachment) },
  };
}
