import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { addComment, addReply } from "./comment-edits.ts";
import { uploadFile } from "./file-edits.ts";
import { FolderError } from "./loaded-folder.ts";
import { readLines } from "./manifest.ts";
import { indexContent } from "./search-index.ts";
import { RESOLUTIONS, type Site, type SiteAttachment, type SiteComment } from "./site.ts";

const madeAt = { created: z.iso.datetime(), author: z.string().optional() };

/** A line of `comments.jsonl`; `on` is the manifest's file of a page, `reply_to` the number of an earlier line, from 1. */
const commentSchema = z.strictObject({
  on: z.string().optional(),
  reply_to: z.int().min(1).optional(),
  body: z.string(),
  selection: z.string().optional(),
  resolution: z.enum(RESOLUTIONS).optional(),
  ...madeAt,
});

/** A line of `attachments.jsonl`; the file's own name is its title unless another is given. */
const fileSchema = z.strictObject({
  on: z.string(),
  file: z.string().min(1),
  title: z.string().min(1).optional(),
  media_type: z.string().optional(),
  ...madeAt,
});

/** Adds what `comments.jsonl` and `attachments.jsonl` of a folder say, where it has them. Throws `FolderError`. */
export async function loadCommentsAndFiles(
  site: Site,
  folder: string,
  pageIds: ReadonlyMap<string, string>,
): Promise<void> {
  const idOf = (file: string, name: string) => {
    const id = pageIds.get(file);
    if (id === undefined) throw new FolderError(`${name} names ${file}, which manifest.jsonl does not`);
    return id;
  };
  for (const line of (await readLines(folder, "attachments.jsonl", fileSchema)) ?? []) {
    const containerId = idOf(line.on, "attachments.jsonl");
    const bytes = await readFile(join(folder, line.file)).catch(() => {
      throw new FolderError(`attachments.jsonl names ${line.file}, which is not there`);
    });
    const type = line.media_type === undefined ? {} : { mediaType: line.media_type };
    const title = line.title ?? basename(line.file);
    date(site, uploadFile(site, { containerId, title, bytes, ...type }), line);
  }
  const comments: SiteComment[] = [];
  for (const line of (await readLines(folder, "comments.jsonl", commentSchema)) ?? []) {
    const { body, selection } = line;
    const parent = line.reply_to === undefined ? undefined : comments[line.reply_to - 1];
    if (line.reply_to !== undefined && !parent) {
      throw new FolderError(`comments.jsonl, line ${comments.length + 1}: no line ${line.reply_to} before`);
    }
    const made = parent
      ? addReply(site, parent.id, { body })
      : addComment(site, {
          containerId: idOf(line.on ?? "", "comments.jsonl"),
          body,
          ...(selection === undefined ? {} : { selection }),
        });
    if (line.resolution) made.resolution.status = line.resolution;
    date(site, made, line);
    comments.push(made);
  }
}

function date(
  site: Site,
  content: SiteComment | SiteAttachment,
  { created, author }: { created: string; author?: string | undefined },
): void {
  const createdAt = new Date(created);
  const authorId = author ?? content.authorId;
  const version = { ...content.version, createdAt, authorId };
  Object.assign(content, { createdAt, authorId, version, modifiedAt: createdAt });
  indexContent(site, content);
}
