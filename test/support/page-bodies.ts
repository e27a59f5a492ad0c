import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import type { BodyFormat } from "#shared/markdown/page-content.ts";

export type PageBody = { file: string; body: string; format: BodyFormat };

/**
 * The page bodies (.xml, .html, .xhtml) below a folder, in the order of their names. The format is the one that is asked for, else
 * storage by its own elements or the ending .xml.
 */
export async function readPageBodies(dir: string, asked?: string): Promise<PageBody[]> {
  if (asked !== undefined && asked !== "storage" && asked !== "export_view")
    throw new Error(`--format is storage or export_view, not ${asked}`);
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /^\.(?:xml|html|xhtml)$/.test(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (paths.length === 0) throw new Error(`No page bodies (.xml, .html) below ${dir}`);
  return Promise.all(
    paths.map(async (path) => {
      const body = await readFile(path, "utf8");
      const isStorage = extname(path) === ".xml" || /<(?:ac|ri):/.test(body);
      return { file: relative(dir, path), body, format: asked ?? (isStorage ? "storage" : "export_view") };
    }),
  );
}
