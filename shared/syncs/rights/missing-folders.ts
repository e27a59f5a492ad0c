import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import {
  contentOutsideFolder,
  foldersOfContent,
  namesFolders,
  noteOmittedFolders,
  omitsFolders,
} from "#shared/access/sweeps/stored-parents.ts";
import type { ConfluenceClient, ListedPage } from "#shared/confluence/client.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { allContainersCql } from "#shared/confluence/cql.ts";
import type { Sql } from "#shared/db/connect.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { hasRights } from "./has-rights.ts";
import type { SiteReads } from "./site-reads.ts";

type Reader = { client: ConfluenceClient; source: Source; services: { sql: Sql } };

/**
 * A search may leave folders out of what is above a page, and with them their restrictions. Where a listing of pages said that the page is
 * in a folder and the search does not, the page itself is asked; if it still is, what is above it is not known, and from then on every
 * page is asked.
 */
export async function withoutUntoldFolders(
  { client, source, services }: Reader,
  contents: readonly ContentRights[],
  { asksParents = false } = {},
): Promise<ContentRights[]> {
  const { sql } = services;
  const pageIds = contents.filter(({ type }) => type === "page").map(({ id }) => id);
  const folders = await foldersOfContent(sql, source.sourceId, pageIds);
  const asksAll = asksParents || (await omitsFolders(sql, source.sourceId));
  const aboveOf = ({ ancestors }: ContentRights) => ancestors?.at(-1)?.id ?? null;
  const doubtful = contents.filter((content) => {
    const folder = folders.get(content.id);
    return pageIds.includes(content.id) && (asksAll || (folder !== undefined && folder !== aboveOf(content)));
  });
  if (doubtful.length === 0) return [...contents];
  const ids = new Set(doubtful.map(({ id }) => id));
  const pages = await client.pagesById("page", [...ids], { body: null });
  const parents = new Map(pages.map((page) => [page.id, page]));
  const hasUnknownAncestors = (content: ContentRights) => {
    const page = parents.get(content.id);
    return ids.has(content.id) && (page === undefined || page.parentId !== aboveOf(content));
  };
  const known = contents.map((content) =>
    hasUnknownAncestors(content) ? { ...content, ancestors: null } : content,
  );
  if (doubtful.some((content) => hasUnknownAncestors(content) && isInFolder(parents.get(content.id))))
    await noteOmittedFolders(sql, source.sourceId);
  return known;
}

/**
 * Whether the search may leave out folders of this space: it was not seen to name one yet, and the space has some, or does not say. A page
 * that is moved into one makes no version, so nothing else would tell.
 */
export async function mayOmitFolders({
  client,
  source,
  services,
  site,
}: Reader & { site: SiteReads }): Promise<boolean> {
  if (await namesFolders(services.sql, source.siteId)) return false;
  try {
    if ((await site.containers(client, source)) === 0) return false;
    return (await client.countPages(allContainersCql(source.spaceKey))) !== 0;
  } catch (error) {
    // A site that does not search for one of these kinds.
    if (error instanceof PermanentError && error.code === "request_refused") return true;
    throw error;
  }
}

/** Whether a response about a page says that it is in a folder, whiteboard, database or embed. */
export function isInFolder(page: Pick<ListedPage, "parentId" | "parentType"> | undefined): boolean {
  return (
    page !== undefined && page.parentId !== null && page.parentType !== null && page.parentType !== "page"
  );
}

/** Hides those of these pages that are in a folder that the search left out when their rights were read. */
export async function hideInUntoldFolders(
  tx: Sql,
  source: Source,
  { pages, readAt }: { pages: readonly Pick<ListedPage, "id" | "parentId" | "parentType">[]; readAt: Date },
): Promise<void> {
  if (!hasRights(source)) return;
  const inFolders = pages.flatMap((page) =>
    isInFolder(page) && page.parentId !== null ? [{ id: page.id, parentId: page.parentId }] : [],
  );
  if (inFolders.length === 0) return;
  const contentIds = await contentOutsideFolder(tx, source.sourceId, inFolders);
  if (contentIds.length === 0) return;
  await noteOmittedFolders(tx, source.sourceId);
  await forgetContent(tx, source.sourceId, { contentIds, readAt });
}
