import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readDirectory } from "./load-directory.ts";
import { htmlToStorage } from "./html-to-storage.ts";
import { FolderError, type LoadedFolder, type LoadedPage } from "./loaded-folder.ts";

/** The date of pages whose manifest has none. */
const UNKNOWN_DATE = new Date("2020-01-01T00:00:00Z");

/** A line of `manifest.jsonl`. `.storage.xml` files are storage; others are rendered pages. */
const lineSchema = z.object({
  file: z.string().min(1),
  kind: z.enum(["page", "blogpost"]).default("page"),
  space: z.string().min(1),
  title: z.string().min(1),
  breadcrumbs: z.array(z.string()).default([]),
  last_modified: z.string().nullish(),
  id: z.string().regex(/^\d+$/).optional(),
  labels: z.array(z.string()).default([]),
  version: z.int().min(1).default(1),
  author: z.string().optional(),
  restrictions: z
    .object({ users: z.array(z.string()).default([]), groups: z.array(z.string()).default([]) })
    .nullish(),
});

/** The folder by its `manifest.jsonl` (and `people.jsonl` and `groups.jsonl`, where there are some); null when it has none. */
export async function readManifest(folder: string): Promise<LoadedFolder | null> {
  const lines = await readLines(folder, "manifest.jsonl", lineSchema);
  if (!lines) return null;
  const pages: LoadedPage[] = [];
  // One after the other: of several files that are not there, the first is named each time.
  for (const line of lines) pages.push(await readPage(folder, line));
  return {
    pages,
    directory: await readDirectory((name, schema) => readLines(folder, name, schema)),
    spaceNames: spaceNames(pages),
  };
}

async function readPage(folder: string, line: z.infer<typeof lineSchema>): Promise<LoadedPage> {
  const body = await readText(join(folder, line.file));
  if (body === null) throw new FolderError(`manifest.jsonl names ${line.file}, which is not there`);
  const isStorage = line.file.endsWith(".storage.xml");
  return {
    id: line.id ?? /(?:^|\/)(\d{4,18})\.[^/]*$/.exec(line.file)?.[1] ?? null,
    file: line.file,
    kind: line.kind,
    space: line.space,
    title: line.title,
    breadcrumbs: line.breadcrumbs,
    storage: isStorage ? body : htmlToStorage(body),
    rendered: isStorage ? null : body,
    labels: line.labels,
    modifiedAt: readDate(line.last_modified ?? null),
    version: line.version,
    authorId: line.author ?? null,
    restrictions: line.restrictions ?? null,
  };
}

/** The space's name: what its breadcrumbs begin with, unless that is a page. */
function spaceNames(pages: LoadedPage[]): Map<string, string> {
  const titles = new Set(pages.map((page) => `${page.space}\n${page.title}`));
  const names = new Map<string, string>();
  for (const { space, breadcrumbs } of pages) {
    const [first] = breadcrumbs;
    if (first !== undefined && !names.has(space) && !titles.has(`${space}\n${first}`))
      names.set(space, first);
  }
  return names;
}

/** Dates in words carry no zone: they are read as UTC. */
function readDate(text: string | null): Date {
  const date = new Date(text === null || /\dT\d/.test(text) ? (text ?? "") : `${text} UTC`);
  return Number.isNaN(date.getTime()) ? UNKNOWN_DATE : date;
}

/** The lines of a `.jsonl` file; null when the folder has none of that name. Throws `FolderError`. */
export async function readLines<T extends z.ZodType>(
  folder: string,
  name: string,
  schema: T,
): Promise<z.output<T>[] | null> {
  const text = await readText(join(folder, name));
  if (text === null) return null;
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const parsed = schema.safeParse(parseJson(line));
    if (!parsed.success) {
      throw new FolderError(`${name}, line ${index + 1}: ${z.prettifyError(parsed.error)}`);
    }
    return [parsed.data];
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
