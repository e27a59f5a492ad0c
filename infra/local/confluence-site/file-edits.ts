import { EditRefused } from "./edit-refused.ts";
import { dropFromIndex, indexContent } from "./search-index.ts";
import { ACCOUNT_ID, newId, type FileVersion, type Site, type SiteAttachment } from "./site.ts";

export type NewFile = {
  bytes: Uint8Array;
  mediaType?: string;
  /** What listings say its size is; default the true one. */
  size?: number;
  authorId?: string;
};

/** A new file on a page or blog post, version 1. Names are unique among the current files of a page. */
export function uploadFile(
  site: Site,
  file: NewFile & { containerId: string; title: string },
): SiteAttachment {
  const containerId = requireContainer(site, file.containerId);
  requireFreeName(site, containerId, file.title, null);
  const createdAt = site.now();
  const authorId = file.authorId ?? ACCOUNT_ID;
  const made: SiteAttachment = {
    id: `att${newId(site)}`,
    kind: "attachment",
    title: file.title,
    containerId,
    status: "current",
    createdAt,
    authorId,
    version: { number: 1, createdAt, authorId, message: "" },
    files: [fileVersion(site, 1, file, "application/octet-stream")],
    modifiedAt: createdAt,
  };
  site.attachments.set(made.id, made);
  indexContent(site, made);
  return made;
}

/** A new version of a file: other bytes under the same id and name. */
export function replaceFile(site: Site, id: string, file: NewFile): SiteAttachment {
  const attachment = requireFile(site, id, "current");
  const number = attachment.version.number + 1;
  attachment.files.push(fileVersion(site, number, file, presentFile(attachment).mediaType));
  attachment.modifiedAt = site.now();
  attachment.version = {
    number,
    createdAt: attachment.modifiedAt,
    authorId: file.authorId ?? attachment.authorId,
    message: "",
  };
  indexContent(site, attachment);
  return attachment;
}

/** Renames a file, or moves it to another page. No version is made; the setting says whether the date moves. */
export function changeFile(
  site: Site,
  id: string,
  change: { title?: string; containerId?: string },
): SiteAttachment {
  const attachment = requireFile(site, id, "current");
  const containerId =
    change.containerId === undefined ? attachment.containerId : requireContainer(site, change.containerId);
  const title = change.title ?? attachment.title;
  requireFreeName(site, containerId, title, id);
  Object.assign(attachment, { title, containerId });
  if (site.settings.file_properties_move_date) attachment.modifiedAt = site.now();
  indexContent(site, attachment);
  return attachment;
}

/** Moves a file to the trash. */
export function trashFile(site: Site, id: string): SiteAttachment {
  return setStatus(site, requireFile(site, id, "current"), "trashed");
}

/** Brings a file back from the trash with the version and date that it had. */
export function restoreFile(site: Site, id: string): SiteAttachment {
  const attachment = requireFile(site, id, "trashed");
  requireFreeName(site, attachment.containerId, attachment.title, id);
  return setStatus(site, attachment, "current");
}

/** Removes a file for good, with its versions and the comments on it. */
export function purgeFile(site: Site, id: string): void {
  if (!site.attachments.delete(id)) throw new EditRefused(404, `No file ${id}`);
  dropFromIndex(site, id);
  for (const comment of site.comments.values()) {
    if (comment.containerId !== id) continue;
    site.comments.delete(comment.id);
    dropFromIndex(site, comment.id);
  }
}

/** Makes the media host lose the present version of a file, or find it again. */
export function loseFile(site: Site, id: string, lost: boolean): SiteAttachment {
  const attachment = requireFile(site, id, "current");
  presentFile(attachment).lost = lost;
  return attachment;
}

/** The bytes and facts of a file's present version. */
export function presentFile(attachment: SiteAttachment): FileVersion {
  const file = attachment.files.at(-1);
  if (!file) throw new Error(`File ${attachment.id} has no version`);
  return file;
}

function setStatus(site: Site, attachment: SiteAttachment, status: SiteAttachment["status"]): SiteAttachment {
  attachment.status = status;
  indexContent(site, attachment);
  return attachment;
}

function fileVersion(site: Site, number: number, file: NewFile, mediaType: string): FileVersion {
  return {
    number,
    fileId: `00000000-0000-4000-9000-${newId(site).padStart(12, "0")}`,
    mediaType: file.mediaType ?? mediaType,
    bytes: file.bytes,
    size: file.size ?? file.bytes.length,
    lost: false,
  };
}

function requireContainer(site: Site, id: string): string {
  const status = site.pages.get(id)?.status;
  if (status !== "current" && status !== "draft") throw new EditRefused(404, `No page or blog post ${id}`);
  return id;
}

function requireFile(site: Site, id: string, status: SiteAttachment["status"]): SiteAttachment {
  const attachment = site.attachments.get(id);
  if (!attachment) throw new EditRefused(404, `No file ${id}`);
  if (attachment.status !== status) throw new EditRefused(409, `File ${id} is ${attachment.status}`);
  return attachment;
}

function requireFreeName(site: Site, containerId: string, title: string, except: string | null): void {
  for (const other of site.attachments.values()) {
    const same = other.containerId === containerId && other.title === title && other.status === "current";
    if (same && other.id !== except) throw new EditRefused(409, `${containerId} has a file ${title} already`);
  }
}
