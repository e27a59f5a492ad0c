import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { UserError } from "#shared/errors.ts";
import type { BodyFormat } from "#shared/markdown/page-content.ts";

/** The option of commands that read page bodies. */
export const BODY_FORMAT = {
  type: "choice",
  choices: ["storage", "export_view"],
  description: "of the bodies, in place of what each looks like",
} as const;

export type PageBody = { file: string; body: string; format: BodyFormat };

/**
 * The page bodies (.xml, .html, .xhtml) below a folder, in the order of their names. The format is the one that is asked for, else
 * storage by its own elements or the ending .xml.
 */
export async function readPageBodies(dir: string, asked?: BodyFormat): Promise<PageBody[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /^\.(?:xml|html|xhtml)$/.test(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0)
    throw new UserError(404, "no_page_bodies", `No page bodies (.xml, .html) below ${dir}`);
  const bodies: PageBody[] = [];
  // One by one: a folder may hold more files than a process may have open.
  for (const path of paths) {
    const body = await readFile(path, "utf8");
    const isStorage = extname(path) === ".xml" || /<(?:ac|ri):/.test(body);
    bodies.push({
      file: relative(dir, path),
      body,
      format: asked ?? (isStorage ? "storage" : "export_view"),
    });
  }
  return bodies;
}
