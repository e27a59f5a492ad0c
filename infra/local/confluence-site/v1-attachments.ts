import { presentFile } from "./file-edits.ts";
import { signedAddress } from "./media-host.ts";
import { v1Error, webBase, type Reply } from "./responses.ts";
import { pageOf } from "./content.ts";
import type { Site, SiteAttachment } from "./site.ts";
import { containerJson, historyJson } from "./v1-comments.ts";
import { spaceJson, versionJson } from "./v1-content.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";
import { contentPath, downloadPath } from "./web-paths.ts";

/** An attachment as v1 writes it. What is not asked for by `expand` is named in `_expandable`. */
export function attachmentJson(
  site: Site,
  attachment: SiteAttachment,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const path = `/rest/api/content/${attachment.id}`;
  const page = pageOf(site, attachment);
  const space = page && site.spaces.get(page.spaceId);
  const file = presentFile(attachment);
  const expandable: Record<string, string> = { operations: "", children: `${path}/child`, body: "" };
  const part = (name: string, link: string, value: () => unknown): Record<string, unknown> => {
    if (expand.has(name)) return { [name]: value() };
    expandable[name] = link;
    return {};
  };
  const labels = {
    results: [],
    start: 0,
    limit: 200,
    size: 0,
    _links: { self: `${webBase(site)}${path}/label` },
  };
  return {
    id: attachment.id,
    type: "attachment",
    status: attachment.status,
    title: attachment.title,
    ...part("space", space ? `/rest/api/space/${space.key}` : "", () => space && spaceJson(site, space)),
    ...part("version", "", () => versionJson(site, attachment)),
    ...part("history", `${path}/history`, () => historyJson(site, attachment)),
    ...part("container", `/rest/api/content/${attachment.containerId}`, () =>
      containerJson(site, attachment.containerId),
    ),
    metadata: {
      mediaType: file.mediaType,
      ...(expand.has("metadata.labels") ? { labels } : {}),
      _expandable: { currentuser: "", properties: "" },
    },
    macroRenderedOutput: {},
    extensions: {
      mediaType: file.mediaType,
      fileSize: file.size,
      comment: "",
      mediaTypeDescription: "File",
      fileId: file.fileId,
      collectionName: `contentId-${attachment.containerId}`,
    },
    _expandable: expandable,
    _links: {
      self: `${webBase(site)}${path}`,
      webui: contentPath(site, attachment),
      download: downloadPath(attachment),
    },
  };
}

/**
 * `GET /rest/api/content/{container}/child/attachment/{id}/download`: a redirect to the signed address of a version, the
 * present one when none is named.
 */
export function downloadAttachment(
  site: Site,
  viewer: Viewer,
  { containerId, id, version }: { containerId: string; id: string; version: string | null },
): Reply {
  const attachment = site.attachments.get(id);
  if (
    !attachment ||
    attachment.containerId !== containerId ||
    !isCurrent(site, attachment) ||
    !canSee(site, viewer, attachment)
  ) {
    return v1Error(404, `No attachment ${id} on ${containerId}`);
  }
  const file = attachment.files.find(
    ({ number }) => number === (version === null ? attachment.version.number : Number(version)),
  );
  if (!file) return v1Error(404, `No version ${version} of ${id}`);
  const location = signedAddress(site, file, attachment.title);
  return { status: 302, json: null, headers: { location } };
}
