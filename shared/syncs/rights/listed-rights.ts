import { applyRights, PAGE_TYPES, type ReadContent } from "#shared/access/sweeps/apply-rights.ts";
import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import type { ConfluenceClient, ListedPage } from "#shared/confluence/client.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { contentByIdCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import { later } from "#shared/syncs/later.ts";
import { hasRights } from "./has-rights.ts";
import { hideInUntoldFolders, withoutUntoldFolders } from "./missing-folders.ts";
import { ofSpace, readCutRestrictions } from "./read-restriction.ts";

/** Ids in one query: as many as one response holds. */
const IDS_OF_A_QUERY = 100;
/** A sweep says nothing about versions made this long before it began: clocks differ. */
const CLOCK_DIFFERENCE_MS = 5 * 60_000;

type Reader = { client: ConfluenceClient; source: Source; services: { now: () => Date; sql: Sql } };

/** What was read of the rights of content whose text is about to change. To be written first thing in a transaction. */
export type ListedRights = (tx: Sql) => Promise<void>;

const NOTHING: ListedRights = async () => {};

/**
 * Reads who may see content that a listing says has changed, before its text is fetched: whoever was shut out meanwhile never sees the new
 * text. `pages` have their rights where the listing contained them (`readAt`: since when it was asked for); those of the others, of
 * `containerIds` and of everything above are read in one more call or two. What the search does not find is seen by nobody until a sweep
 * has read it.
 */
export async function rightsOfListed(
  reader: Reader,
  listed: { pages: readonly ListedPage[]; containerIds: readonly string[]; readAt: Date },
): Promise<ListedRights> {
  const { source, services } = reader;
  if (!hasRights(source) || listed.pages.length + listed.containerIds.length === 0) return NOTHING;
  const known = listed.pages.flatMap(({ id, kind, rights }): ContentRights[] =>
    rights?.ancestors ? [{ id, type: kind, spaceKey: null, ...rights }] : [],
  );
  const knownIds = new Set(known.map(({ id }) => id));
  const asked = [...listed.pages.map(({ id }) => id), ...listed.containerIds].filter(
    (id) => !knownIds.has(id),
  );
  const readAt = known.length > 0 ? listed.readAt : services.now();
  const { contents, missing } = await readContents(reader, { asked, known });
  return async (tx) => {
    await applyRights(tx, source.sourceId, { contents, readAt });
    await forgetContent(tx, source.sourceId, { contentIds: missing, readAt });
    await sweepForNewContainers(tx, source.sourceId, readAt);
  };
}

/** A folder that was never seen hides what is in it until it is proven whom it lets in, which the next sweep does: now. */
async function sweepForNewContainers(tx: Sql, sourceId: string, readAt: Date): Promise<void> {
  await tx`
    update access_sweeps set due_at = least(due_at, ${readAt})
    where source_id = ${sourceId} and due_at > ${readAt} and exists (
      select from access_nodes n join content_access c on c.source_id = n.source_id and c.content_id = n.content_id
      where n.source_id = ${sourceId} and n.state = 'unknown' and c.is_container and n.read_at = ${readAt})`;
}

/** The same for pages by their ids. */
export async function rightsOfPages(reader: Reader, ids: readonly string[]): Promise<ListedRights> {
  const readAt = reader.services.now();
  return rightsOfListed(reader, { pages: [], containerIds: ids, readAt });
}

/** The rights of those pages of a whole listing whose text may be younger than what the last sweep read. */
export async function rightsOfSpace(
  reader: Reader,
  pages: readonly ListedPage[],
  readAt: Date,
): Promise<ListedRights> {
  const young = youngerThanSweep(reader.source, pages);
  const rights = await rightsOfPages(
    reader,
    young.map(({ id }) => id),
  );
  return async (tx) => {
    await rights(tx);
    await hideInUntoldFolders(tx, reader.source, { pages, readAt });
  };
}

/** Those pages of a whole listing whose version may be younger than what the last sweep read. */
function youngerThanSweep<T extends { modifiedAt: Date | null }>(source: Source, pages: readonly T[]): T[] {
  const since = source.accessVerifiedAt && later(source.accessVerifiedAt, -CLOCK_DIFFERENCE_MS);
  return pages.filter(({ modifiedAt }) => modifiedAt === null || since === null || modifiedAt > since);
}

/** The rights of what such comments or files are on. */
export async function rightsOfYoung(
  reader: Reader,
  contained: readonly { containerId: string | null; modifiedAt: Date | null }[],
): Promise<ListedRights> {
  const young = youngerThanSweep(reader.source, contained);
  return rightsOfPages(
    reader,
    young.flatMap(({ containerId }) => containerId ?? []),
  );
}

/** The rights of this content and of what is above it. Where they may not be read, all of it is missing: that stops no sync. */
async function readContents(
  reader: Reader,
  { asked, known }: { asked: readonly string[]; known: readonly ContentRights[] },
): Promise<{ contents: ReadContent[]; missing: string[] }> {
  const { client, source } = reader;
  try {
    const found = await search(client, source, asked);
    const together = [...known, ...found];
    const ids = new Set(together.map(({ id }) => id));
    const above = together.flatMap(({ ancestors }) =>
      (ancestors ?? []).flatMap(({ id, type }) => (PAGE_TYPES.has(type) && !ids.has(id) ? [id] : [])),
    );
    const all = [...together, ...(await search(client, source, above))];
    const { contents } = await readCutRestrictions(client, await withoutUntoldFolders(reader, all));
    return { contents, missing: asked.filter((id) => !ids.has(id)) };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { contents: [], missing: [...asked, ...known.map(({ id }) => id)] };
  }
}

async function search(
  client: ConfluenceClient,
  source: Source,
  contentIds: readonly string[],
): Promise<ContentRights[]> {
  const ids = [...new Set(contentIds)].filter((id) => /^\d+$/.test(id));
  const found = new Map<string, ContentRights>();
  for (let from = 0; from < ids.length; from += IDS_OF_A_QUERY) {
    const kinds = syncedPageKinds(source.content);
    const cql = contentByIdCql(source.spaceKey, { kinds, ids: ids.slice(from, from + IDS_OF_A_QUERY) });
    for await (const { contents } of listToEnd((cursor) => client.searchRights(cql, cursor)))
      for (const content of ofSpace(contents, source.spaceKey)) found.set(content.id, content);
  }
  return [...found.values()];
}
