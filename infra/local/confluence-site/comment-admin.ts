import { z } from "zod";
import { command } from "./admin-command.ts";
import { addComment, addReply, deleteComment, editComment, resolveComment } from "./comment-edits.ts";
import { RESOLUTIONS } from "./site.ts";

/** Commands on comments, for `POST /admin/{command}`. Authors are account ids. */
export const commentCommands = {
  comment: command(
    z.strictObject({
      container_id: z.string(),
      body: z.string(),
      location: z.enum(["footer", "inline"]).optional(),
      selection: z.string().optional(),
      author: z.string().optional(),
    }),
    (site, { container_id, author, ...comment }) =>
      addComment(site, { ...comment, containerId: container_id, ...by(author) }),
  ),
  reply: command(
    z.strictObject({ id: z.string(), body: z.string(), author: z.string().optional() }),
    (site, { id, body, author }) => addReply(site, id, { body, ...by(author) }),
  ),
  edit_comment: command(
    z.strictObject({ id: z.string(), body: z.string(), author: z.string().optional() }),
    (site, { id, body, author }) => editComment(site, id, { body, ...by(author) }),
  ),
  resolve_comment: command(
    z.strictObject({
      id: z.string(),
      status: z.enum(RESOLUTIONS).default("resolved"),
      author: z.string().optional(),
    }),
    (site, { id, status, author }) => resolveComment(site, id, { status, ...by(author) }),
  ),
  delete_comment: command(
    z.strictObject({ id: z.string(), replies: z.enum(["deleted", "kept"]).default("deleted") }),
    (site, { id, replies }) => {
      deleteComment(site, id, { replies });
      return {};
    },
  ),
};

function by(author: string | undefined): { authorId?: string } {
  return author === undefined ? {} : { authorId: author };
}
