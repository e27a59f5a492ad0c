import { EditRefused } from "./edit-refused.ts";
import { fireHooks } from "./hook-deliveries.ts";
import { nextPosition, requireFreeTitle, requirePage, requireParent } from "./edit-rules.ts";
import { indexContent } from "./search-index.ts";
import { contentOn } from "./content.ts";
import {
  ACCOUNT_ID,
  ancestorsOf,
  childrenOf,
  isPage,
  labelId,
  newId,
  spaceByKey,
  type Folder,
  type FolderKind,
  type PageKind,
  type Site,
  type SitePage,
  type Space,
} from "./site.ts";

/** A new space. */
export function addSpace(site: Site, space: { key: string; name: string }): Space {
  if (spaceByKey(site, space.key)) throw new EditRefused(409, `There is a space ${space.key} already`);
  const made: Space = {
    ...space,
    id: newId(site),
    status: "current",
    createdAt: site.now(),
    homepageId: null,
    visible: true,
  };
  site.spaces.set(made.id, made);
  return made;
}

export type NewPage = {
  kind?: PageKind;
  subtype?: "live";
  /** Listed and found only after `publishPage`. */
  draft?: boolean;
  space: string;
  title: string;
  body: string;
  parentId?: string | null;
  labels?: string[];
  authorId?: string;
};

/** A new page or blog post, version 1. Titles are unique among the current pages of a space, not among its blog posts. */
export function addPage(site: Site, page: NewPage): SitePage {
  const space = spaceByKey(site, page.space);
  if (!space) throw new EditRefused(404, `No space ${page.space}`);
  const kind = page.kind ?? "page";
  if (kind === "page") requireFreeTitle(site, space.id, page.title, null);
  const parentId = page.parentId ?? null;
  if (kind === "blogpost" && parentId !== null) throw new EditRefused(400, "A blog post has no parent");
  if (parentId !== null) requireParent(site, space.id, parentId);
  const authorId = page.authorId ?? ACCOUNT_ID;
  const createdAt = site.now();
  const made: SitePage = {
    id: newId(site),
    kind,
    title: page.title,
    spaceId: space.id,
    parentId,
    position: nextPosition(site),
    status: page.draft === true ? "draft" : "current",
    labels: page.labels ?? [],
    createdAt,
    authorId,
    version: { number: 1, createdAt, authorId, message: "" },
    storage: page.body,
    rendered: null,
    subtype: page.subtype ?? null,
    visibleTo: "everyone",
  };
  for (const label of made.labels) labelId(site, label);
  site.pages.set(made.id, made);
  indexContent(site, made);
  if (made.status === "current") fireHooks(site, "page_created", made);
  return made;
}

/** A folder, which can be a parent of pages. */
export function addFolder(
  site: Site,
  folder: { space: string; title: string; parentId?: string | null; kind?: FolderKind },
): Folder {
  const space = spaceByKey(site, folder.space);
  if (!space) throw new EditRefused(404, `No space ${folder.space}`);
  const parentId = folder.parentId ?? null;
  if (parentId !== null) requireParent(site, space.id, parentId);
  const made: Folder = {
    id: newId(site),
    kind: folder.kind ?? "folder",
    title: folder.title,
    spaceId: space.id,
    parentId,
    createdAt: site.now(),
    modifiedAt: site.now(),
  };
  site.folders.set(made.id, made);
  indexContent(site, made);
  return made;
}

/** Renames a folder (whether the search shows that is a setting), or moves it within its space with all in it. No page gets a version. */
export function editFolder(
  site: Site,
  id: string,
  change: { title?: string; parentId?: string | null },
): Folder {
  const folder = site.folders.get(id);
  if (!folder) throw new EditRefused(404, `No folder ${id}`);
  if (change.parentId != null) {
    const parent = requireParent(site, folder.spaceId, change.parentId);
    if ([parent, ...ancestorsOf(site, parent)].some((item) => item.id === id))
      throw new EditRefused(400, "A folder cannot be moved below itself");
  }
  if (change.title !== undefined && site.settings.folder_names_move_date) folder.modifiedAt = site.now();
  folder.title = change.title ?? folder.title;
  if (change.parentId !== undefined) folder.parentId = change.parentId;
  indexContent(site, folder);
  return folder;
}

/** A new version of a page: body, title or both. */
export function editPage(
  site: Site,
  id: string,
  change: { body?: string; title?: string; authorId?: string; message?: string },
): SitePage {
  const page = requirePage(site, id, ["draft", "current"]);
  if (change.title !== undefined && page.kind === "page") {
    requireFreeTitle(site, page.spaceId, change.title, id);
  }
  const { title, version, storage, rendered } = page;
  delete page.modifiedAt;
  page.before = { title, version, storage, rendered };
  page.title = change.title ?? page.title;
  if (change.body !== undefined) {
    delete page.hiddenStorage;
    page.storage = change.body;
    page.rendered = null;
  }
  page.version = {
    number: page.version.number + 1,
    createdAt: site.now(),
    authorId: change.authorId ?? page.authorId,
    message: change.message ?? "",
  };
  indexContent(site, page);
  if (page.status === "current") fireHooks(site, "page_updated", page);
  return page;
}

/** Moves a page with all below it, in its space or to another one. No version is made. */
export function movePage(site: Site, id: string, to: { space?: string; parentId: string | null }): SitePage {
  const page = requirePage(site, id, ["current", "archived"]);
  const space = to.space === undefined ? site.spaces.get(page.spaceId) : spaceByKey(site, to.space);
  if (!space) throw new EditRefused(404, `No space ${to.space}`);
  if (to.parentId !== null) {
    if (page.kind === "blogpost") throw new EditRefused(400, "A blog post has no parent");
    const parent = requireParent(site, space.id, to.parentId);
    if ([parent, ...ancestorsOf(site, parent)].some((item) => item.id === id)) {
      throw new EditRefused(400, "A page cannot be moved below itself");
    }
  }
  const moved = [page, ...descendantsOf(site, page)];
  if (space.id !== page.spaceId) {
    for (const item of moved) {
      if (isPage(item) && item.kind === "page") requireFreeTitle(site, space.id, item.title, item.id);
    }
  }
  page.parentId = to.parentId;
  page.position = nextPosition(site);
  const changesSpace = space.id !== page.spaceId;
  for (const item of moved) {
    item.spaceId = space.id;
    indexContent(site, item);
    if (!isPage(item)) continue;
    if (changesSpace) for (const content of contentOn(site, item.id)) indexContent(site, content);
  }
  fireHooks(site, "page_moved", page);
  return page;
}

/** Adds and takes away labels. No version is made. */
export function labelPage(site: Site, id: string, change: { add?: string[]; remove?: string[] }): SitePage {
  const page = requirePage(site, id, ["current", "archived"]);
  const labels = new Set([...page.labels, ...(change.add ?? [])]);
  for (const label of change.remove ?? []) labels.delete(label);
  for (const label of labels) labelId(site, label);
  page.labels = [...labels];
  indexContent(site, page);
  return page;
}

function descendantsOf(site: Site, page: SitePage): (SitePage | Folder)[] {
  return childrenOf(site, page.spaceId, page.id).flatMap((child) => [child, ...childrenBelow(site, child)]);
}

function childrenBelow(site: Site, item: SitePage | Folder): (SitePage | Folder)[] {
  return childrenOf(site, item.spaceId, item.id).flatMap((child) => [child, ...childrenBelow(site, child)]);
}
