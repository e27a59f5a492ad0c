import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readManifest } from "#infra/local/confluence-site/manifest.ts";
import type { LoadedPage } from "#infra/local/confluence-site/loaded-folder.ts";
import type { Outline } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver } from "#test/evaluation/conversion/resolver.ts";
import { readLines, readText, unusable } from "./read-lines.ts";

/** A page as it is indexed. */
export type IndexedPage = { pageId: string; title: string; markdown: string; outline?: Outline };
/** With the names by which a question may refer to it. */
export type NamedPage = IndexedPage & { names: string[] };

const lineSchema = z
  .object({
    id: z.union([z.string().min(1), z.number().transform(String)]).optional(),
    file: z.string().min(1).optional(),
    title: z.string().optional(),
    text: z.string().optional(),
    markdown: z.string().optional(),
  })
  .refine((line) => line.id !== undefined || line.file !== undefined, "`id` or `file` is missing")
  .refine(
    (line) => line.text !== undefined || line.markdown !== undefined,
    "`text` or `markdown` is missing",
  );

/**
 * The pages of a set: a `.jsonl` file of `{"id","text" or "markdown","title"?}`, a `.md` file, or a folder of rendered pages with
 * a manifest.jsonl, else of Markdown files. Without a title the first level-1 heading is the title.
 */
export async function readPages(path: string): Promise<NamedPage[]> {
  const found = await stat(path).catch(() => null);
  if (!found) throw unusable(`${path} not found: --pages takes a .jsonl file, a .md file or a folder`);
  const pages = found.isDirectory()
    ? ((await renderedPages(path)) ?? (await markdownPages(path)))
    : path.endsWith(".md")
      ? [markdownPage(path, await readText(path))]
      : await listedPages(path);
  if (pages.length === 0) throw unusable(`${path} has no pages: neither a manifest.jsonl nor a .md file`);
  return pages.map((page, index) => ({ ...page, pageId: `p${index}` }));
}

type ReadPage = Omit<NamedPage, "pageId">;

/** A rendered or stored page as the sync converts it. */
export function convertPage(page: LoadedPage): { html: string; markdown: string; outline: Outline } {
  const html = page.rendered ?? page.storage;
  const format = page.rendered === null ? "storage" : "export_view";
  return { html, ...readPage({ format, value: html }).toMarkdown(evaluationResolver) };
}

async function renderedPages(folder: string): Promise<ReadPage[] | null> {
  const manifest = await readManifest(folder);
  return (
    manifest &&
    manifest.pages.map((page) => {
      const { markdown, outline } = convertPage(page);
      return {
        names: [page.file, ...(page.id === null ? [] : [page.id])],
        title: page.title,
        markdown,
        outline,
      };
    })
  );
}

async function markdownPages(folder: string): Promise<ReadPage[]> {
  const files = await readdir(folder, { recursive: true });
  const pages: ReadPage[] = [];
  for (const file of files.filter((name) => name.endsWith(".md")).sort())
    pages.push(markdownPage(file, await readText(join(folder, file))));
  return pages;
}

async function listedPages(file: string): Promise<ReadPage[]> {
  const lines = await readLines(file, lineSchema);
  const known = new Map<string, string>();
  return lines.map(({ at, value: { id, file, title, text, markdown } }) => {
    const names = [id, file].filter((name) => name !== undefined);
    for (const name of names) {
      const before = known.get(name);
      if (before !== undefined && before !== at) throw unusable(`${at}: page ${name} is in ${before} too`);
      known.set(name, at);
    }
    const page = markdownPage(names[0] ?? "", markdown ?? text ?? "");
    return { ...page, names, ...(title === undefined ? {} : { title }) };
  });
}

/** Anchors are markup that a conversion leaves out. */
const ANCHOR = /<a (?:name|id)="[^"]*">\s*<\/a>/g;

function markdownPage(name: string, text: string): ReadPage {
  const markdown = text.replaceAll(ANCHOR, "");
  const [, title = ""] = /^#[ \t]+(.+?)[ \t]*#*[ \t]*$/m.exec(markdown) ?? [];
  return { names: [name], title, markdown };
}
