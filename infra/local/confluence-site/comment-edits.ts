import { EditRefused } from "./edit-refused.ts";
import { dropFromIndex, indexContent } from "./search-index.ts";
import { contentById } from "./content.ts";
import { ACCOUNT_ID, newId, type Resolution, type Site, type SiteComment } from "./site.ts";
import { isCurrent } from "./visibility.ts";

export type NewComment = {
  /** A page, blog post or attachment. */
  containerId: string;
  body: string;
  /** Inline when a selection is given. */
  location?: "footer" | "inline";
  selection?: string;
  authorId?: string;
};

/** A new thread. The page that it is on changes in nothing, neither version nor date. */
export function addComment(site: Site, comment: NewComment): SiteComment {
  const container = contentById(site, comment.containerId);
  if (!container || container.kind === "comment" || !isCurrent(site, container)) {
    throw new EditRefused(404, `No page, blog post or attachment ${comment.containerId} to comment on`);
  }
  const location = comment.location ?? (comment.selection === undefined ? "footer" : "inline");
  return put(site, {
    containerId: container.id,
    parentId: null,
    location,
    selection: location === "inline" ? (comment.selection ?? "") : null,
    body: comment.body,
    authorId: comment.authorId ?? ACCOUNT_ID,
  });
}

/** A reply to a comment, or to a reply. */
export function addReply(
  site: Site,
  parentId: string,
  reply: { body: string; authorId?: string },
): SiteComment {
  const { containerId, location, selection } = requireComment(site, parentId);
  const authorId = reply.authorId ?? ACCOUNT_ID;
  return put(site, { containerId, parentId, location, selection, body: reply.body, authorId });
}

/** A new version of a comment. */
export function editComment(
  site: Site,
  id: string,
  change: { body: string; authorId?: string },
): SiteComment {
  const comment = requireComment(site, id);
  comment.body = change.body;
  comment.modifiedAt = site.now();
  comment.version = {
    number: comment.version.number + 1,
    createdAt: comment.modifiedAt,
    authorId: change.authorId ?? comment.authorId,
    message: "",
  };
  indexContent(site, comment);
  return comment;
}

/** Resolves a thread, opens it again, or lets it lose its text. No version is made; the setting says whether the date moves. */
export function resolveComment(
  site: Site,
  id: string,
  { status, authorId }: { status: Resolution; authorId?: string },
): SiteComment {
  const comment = requireComment(site, id);
  if (comment.location === "footer") throw new EditRefused(400, "Footer comments have no resolution");
  if (comment.parentId !== null) throw new EditRefused(400, "A reply is resolved with its thread");
  comment.resolution = { status, changedAt: site.now(), changedBy: authorId ?? ACCOUNT_ID };
  if (site.settings.resolving_moves_date) comment.modifiedAt = site.now();
  indexContent(site, comment);
  return comment;
}

/** Removes a comment for good: comments have no trash. Replies that are kept reply to what it replied to. */
export function deleteComment(
  site: Site,
  id: string,
  { replies }: { replies: "deleted" | "kept" } = { replies: "deleted" },
): void {
  const comment = requireComment(site, id);
  for (const reply of repliesOf(site, id)) {
    if (replies === "kept") reply.parentId = comment.parentId;
    else deleteComment(site, reply.id);
  }
  site.comments.delete(id);
  dropFromIndex(site, id);
}

/** Direct replies to a comment, oldest first. */
export function repliesOf(site: Site, id: string): SiteComment[] {
  return [...site.comments.values()].filter((comment) => comment.parentId === id);
}

function put(
  site: Site,
  comment: Pick<SiteComment, "containerId" | "parentId" | "location" | "selection" | "body" | "authorId">,
): SiteComment {
  const createdAt = site.now();
  const made: SiteComment = {
    ...comment,
    id: newId(site),
    kind: "comment",
    resolution: { status: "open", changedAt: null, changedBy: null },
    createdAt,
    version: { number: 1, createdAt, authorId: comment.authorId, message: "" },
    modifiedAt: createdAt,
  };
  site.comments.set(made.id, made);
  indexContent(site, made);
  return made;
}

function requireComment(site: Site, id: string): SiteComment {
  const comment = site.comments.get(id);
  if (!comment || !isCurrent(site, comment)) throw new EditRefused(404, `No comment ${id}`);
  return comment;
}
