import { readdir, readFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { htmlToStorage } from "./html-to-storage.ts";
import { FolderError, type LoadedFolder, type LoadedPage } from "./loaded-folder.ts";

const LOADED_DATE = new Date("2024-01-01T00:00:00Z");

/**
 * Pages from files alone: `<name>.storage.xml` and `<name>.export_view.html` are the two bodies of one page; any other `.xml`
 * is storage, any other `.html` rendered. The first folder below the given one is the space, a folder
 * `blogposts` in it holds its blog posts; a number as name is the id.
 */
export async function readPageFolder(folder: string): Promise<LoadedFolder> {
  const files = await listFiles(folder);
  const pages = new Map<string, LoadedPage>();
  for (const path of files.toSorted()) {
    const file = relative(folder, path).split(sep).join("/");
    const kind = /^(.*?)(\.storage\.xml|\.export_view\.html|\.xml|\.html)$/.exec(file);
    if (!kind) continue;
    const [, name = "", ending = ""] = kind;
    const isStorage = ending.endsWith(".xml");
    const body = await readFile(path, "utf8");
    const page = pages.get(name) ?? emptyPage(folder, name);
    pages.set(name, {
      ...page,
      storage: isStorage ? fragmentOf(body) : page.storage === "" ? htmlToStorage(body) : page.storage,
      rendered: isStorage ? page.rendered : body,
    });
  }
  return { pages: [...pages.values()], directory: { people: [], groups: [] }, spaceNames: new Map() };
}

function emptyPage(folder: string, name: string): LoadedPage {
  const title = basename(name);
  return {
    id: /^\d{4,18}$/.test(title) ? title : null,
    file: name,
    kind: /(?:^|\/)blogposts\//.test(name) ? "blogpost" : "page",
    space: spaceKey(name.includes("/") ? (name.split("/")[0] ?? "") : basename(folder)),
    title,
    breadcrumbs: [],
    storage: "",
    rendered: null,
    labels: [],
    modifiedAt: LOADED_DATE,
    version: 1,
    authorId: null,
    restrictions: null,
  };
}

function spaceKey(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase() || "PAGES";
}

/** Storage has no prolog: files written for XML tools do. */
function fragmentOf(xml: string): string {
  return xml.replace(/^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!DOCTYPE[^[>]*(?:\[[^\]]*\])?\s*>\s*)?/, "");
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) {
      throw new FolderError(`${folder} is not a folder`);
    }
    throw error;
  }
}
