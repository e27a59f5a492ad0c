import { z } from "zod";
import { command } from "./admin-command.ts";
import {
  changeFile,
  loseFile,
  purgeFile,
  replaceFile,
  restoreFile,
  trashFile,
  uploadFile,
  type NewFile,
} from "./file-edits.ts";
import type { SiteAttachment } from "./site.ts";

/** The bytes as text or in base64; `size` is what listings say, default the true one. */
const bytes = {
  text: z.string().optional(),
  base64: z.base64().optional(),
  media_type: z.string().optional(),
  size: z.int().min(0).optional(),
  author: z.string().optional(),
};

/** Commands on files, for `POST /admin/{command}`. Ids are those of the API, `att123`. */
export const fileCommands = {
  upload: command(
    z.strictObject({ container_id: z.string(), title: z.string().min(1), ...bytes }),
    (site, { container_id, title, ...file }) =>
      shownFile(uploadFile(site, { ...readFile(file), containerId: container_id, title })),
  ),
  replace_file: command(z.strictObject({ id: z.string(), ...bytes }), (site, { id, ...file }) =>
    shownFile(replaceFile(site, id, readFile(file))),
  ),
  change_file: command(
    z.strictObject({
      id: z.string(),
      new_title: z.string().min(1).optional(),
      container_id: z.string().optional(),
    }),
    (site, { id, new_title, container_id }) =>
      shownFile(
        changeFile(site, id, {
          ...(new_title === undefined ? {} : { title: new_title }),
          ...(container_id === undefined ? {} : { containerId: container_id }),
        }),
      ),
  ),
  trash_file: command(z.strictObject({ id: z.string() }), (site, { id }) => shownFile(trashFile(site, id))),
  restore_file: command(z.strictObject({ id: z.string() }), (site, { id }) =>
    shownFile(restoreFile(site, id)),
  ),
  purge_file: command(z.strictObject({ id: z.string() }), (site, { id }) => {
    purgeFile(site, id);
    return {};
  }),
  lose_file: command(
    z.strictObject({ id: z.string(), lost: z.boolean().default(true) }),
    (site, { id, lost }) => shownFile(loseFile(site, id, lost)),
  ),
};

/** A file as the admin endpoint shows it: all but its bytes. */
export function shownFile({ id, title, containerId, status, version, files }: SiteAttachment): unknown {
  const versions = files.map(({ bytes: content, ...file }) => ({ ...file, bytes: content.length }));
  return { id, title, container_id: containerId, status, version: version.number, versions };
}

function readFile(
  file: { [name in "text" | "base64" | "media_type" | "author"]?: string | undefined } & {
    size?: number | undefined;
  },
): NewFile {
  const content =
    file.base64 === undefined ? Buffer.from(file.text ?? "") : Buffer.from(file.base64, "base64");
  return {
    bytes: content,
    ...(file.media_type === undefined ? {} : { mediaType: file.media_type }),
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(file.author === undefined ? {} : { authorId: file.author }),
  };
}
