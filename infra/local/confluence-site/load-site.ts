import { loadDirectory, loadRestrictions } from "./load-directory.ts";
import { loadCommentsAndFiles } from "./load-comments-and-files.ts";
import { FolderError, type LoadedFolder, type LoadedPage } from "./loaded-folder.ts";
import { readManifest } from "./manifest.ts";
import { readPageFolder } from "./page-folder.ts";
import { indexContent } from "./search-index.ts";
import {
  ACCOUNT_ID,
  createSite,
  labelId,
  spaceByKey,
  type Site,
  type SiteOptions,
  type Space,
} from "./site.ts";

/**
 * A site from a folder of pages: by its `manifest.jsonl`, else from its files (`<id>.storage.xml`, `<id>.export_view.html`, or
 * any `.xml`, in folders of their own for each space), with comments and files where it has lists of them. Throws `FolderError`.
 */
export async function loadSite(folder: string, options: SiteOptions): Promise<Site> {
  const site = createSite(options);
  const loaded = (await readManifest(folder)) ?? (await readPageFolder(folder));
  if (loaded.pages.length === 0) throw new FolderError(`There are no pages in ${folder}`);
  loadDirectory(site, loaded.directory);
  await loadCommentsAndFiles(site, folder, addLoaded(site, loaded));
  return site;
}

/** Returns the ids of pages by their files. */
function addLoaded(site: Site, loaded: LoadedFolder): Map<string, string> {
  const taken = new Set<string>();
  const pages = loaded.pages
    .map((page) => ({ page, id: freeId(page, taken) }))
    .sort((a, b) => Number(BigInt(a.id) - BigInt(b.id)));
  for (const { page, id } of pages) {
    const space = spaceByKey(site, page.space) ?? makeSpace(site, page.space, loaded);
    const authorId = page.authorId ?? ACCOUNT_ID;
    site.pages.set(id, {
      id,
      kind: page.kind,
      title: page.title,
      spaceId: space.id,
      parentId: null,
      position: Number(BigInt(id) % 2_147_483_647n),
      status: "current",
      labels: page.labels,
      createdAt: page.modifiedAt,
      authorId,
      version: { number: page.version, createdAt: page.modifiedAt, authorId, message: "" },
      storage: page.storage,
      rendered: page.rendered,
      subtype: null,
      visibleTo: "everyone",
    });
  }
  site.lastId = pages.reduce((last, { id }) => (BigInt(id) > last ? BigInt(id) : last), site.lastId);
  for (const { page, id } of pages) if (page.kind === "page") placePage(site, id, page, pages);
  loadRestrictions(site, pages);
  for (const page of site.pages.values()) {
    for (const label of page.labels) labelId(site, label);
    indexContent(site, page);
  }
  for (const space of site.spaces.values()) space.homepageId = homepageOf(site, space);
  return new Map(pages.map(({ page, id }) => [page.file, id]));
}

/** Space ids are small, so that they are never those of pages. */
function makeSpace(site: Site, key: string, loaded: LoadedFolder): Space {
  const id = String(site.spaces.size + 1 + 32_768);
  const space: Space = {
    id,
    key,
    name: loaded.spaceNames.get(key) ?? key,
    status: "current",
    createdAt: new Date("2020-01-01T00:00:00Z"),
    homepageId: null,
    visible: true,
  };
  site.spaces.set(id, space);
  return space;
}

/** Puts a page below the nearest of its breadcrumbs that is a page of the space; none is made up. */
function placePage(
  site: Site,
  id: string,
  page: LoadedPage,
  all: readonly { page: LoadedPage; id: string }[],
): void {
  for (const title of page.breadcrumbs.toReversed()) {
    const parent = all.find(
      (other) =>
        other.page.kind === "page" &&
        other.page.space === page.space &&
        other.page.title === title &&
        other.id !== id,
    );
    if (!parent || isBelow(site, parent.id, id)) continue;
    const placed = site.pages.get(id);
    if (placed) placed.parentId = parent.id;
    return;
  }
}

function isBelow(site: Site, id: string, above: string): boolean {
  for (let at: string | null = id; at !== null; at = site.pages.get(at)?.parentId ?? null) {
    if (at === above) return true;
  }
  return false;
}

function homepageOf(site: Site, space: Space): string | null {
  const roots = [...site.pages.values()].filter(
    (page) => page.kind === "page" && page.spaceId === space.id && page.parentId === null,
  );
  const home = roots.find((page) => /\bhome\b/i.test(page.title));
  return (home ?? roots[0])?.id ?? null;
}

/** The id of the folder, else one from the file's name (FNV-1a, above ids that the site counts up), the same at each start. */
function freeId(page: LoadedPage, taken: Set<string>): string {
  let id =
    page.id === null
      ? 100_000_000n + BigInt(fnv1a(`${page.space}/${page.file}`) % 900_000_000)
      : BigInt(page.id);
  while (taken.has(String(id))) id += 1n;
  taken.add(String(id));
  return String(id);
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
