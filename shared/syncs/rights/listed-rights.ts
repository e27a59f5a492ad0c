import { applyRights } from "#shared/access/sweeps/apply-rights.ts";
import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import type { ListedPage } from "#shared/confluence/client.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { later } from "#shared/syncs/later.ts";
import { hasReadRights } from "./has-rights.ts";
import { hideInUntoldFolders } from "./missing-folders.ts";
import { readChangedRights, type RightsReader } from "./read-changed-rights.ts";

/** A sweep says nothing about versions made this long before it began: clocks differ. */
const CLOCK_DIFFERENCE_MS = 5 * 60_000;

/** What was read of the rights of content whose text is about to change. To be written first thing in a transaction. */
export type ListedRights = (tx: Sql) => Promise<void>;

const NOTHING: ListedRights = async () => {};

/**
 * Reads who may see content that a listing says has changed, before its text is fetched: whoever was shut out meanwhile never sees the new
 * text. `pages` have their rights where the listing contained them (`readAt`: since when it was asked for); those of the others, of
 * `containerIds` (whose text was fetched after the listing) and of everything above are read in one more call or two. What the search does
 * not find is seen by nobody until a sweep has read it.
 */
export async function rightsOfListed(
  reader: RightsReader,
  listed: { pages: readonly ListedPage[]; containerIds: readonly string[]; readAt: Date },
): Promise<ListedRights> {
  const { source, services } = reader;
  if (listed.pages.length + listed.containerIds.length === 0) return NOTHING;
  if (!(await hasReadRights(services.sql, source))) return NOTHING;
  // A list that came cut is read again, later than the listing.
  const known = listed.pages.flatMap(({ id, kind, rights }): ContentRights[] =>
    rights?.ancestors && rights.restriction ? [{ id, type: kind, spaceKey: null, ...rights }] : [],
  );
  const knownIds = new Set(known.map(({ id }) => id));
  const asked = [
    ...listed.pages.map(({ id }) => id).filter((id) => !knownIds.has(id)),
    ...listed.containerIds,
  ];
  const readAt = services.now();
  const rights = await readChangedRights(reader, { asked, known });
  return async (tx) => {
    const { sourceId } = source;
    // First, as it contains what is above the content that came with the listing.
    await applyRights(tx, sourceId, { contents: rights.found, readAt, notesUnchanged: true });
    await applyRights(tx, sourceId, { contents: rights.known, readAt: listed.readAt, notesUnchanged: true });
    await forgetContent(tx, sourceId, { contentIds: rights.hidden, readAt });
    await sweepForNewContainers(tx, sourceId, { readAt: [listed.readAt, readAt], now: readAt });
  };
}

/** A folder that was never seen hides what is in it until it is proven whom it lets in, which the next sweep does: now. */
async function sweepForNewContainers(
  tx: Sql,
  sourceId: string,
  { readAt, now }: { readAt: readonly Date[]; now: Date },
): Promise<void> {
  const times = readAt.map((time) => time.toISOString());
  await tx`
    update access_sweeps set due_at = least(due_at, ${now})
    where source_id = ${sourceId} and due_at > ${now} and exists (
      select from access_nodes n join content_access c on c.source_id = n.source_id and c.content_id = n.content_id
      where n.source_id = ${sourceId} and n.state = 'unknown' and c.is_container and n.read_at = any(${times}::timestamptz[]))`;
}

/** The same for pages by their ids. */
export async function rightsOfPages(reader: RightsReader, ids: readonly string[]): Promise<ListedRights> {
  const readAt = reader.services.now();
  return rightsOfListed(reader, { pages: [], containerIds: ids, readAt });
}

/** The rights of those pages of a whole listing whose text may be younger than what the last sweep read. */
export async function rightsOfSpace(
  reader: RightsReader,
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
  reader: RightsReader,
  contained: readonly { containerId: string | null; modifiedAt: Date | null }[],
): Promise<ListedRights> {
  const young = youngerThanSweep(reader.source, contained);
  return rightsOfPages(
    reader,
    young.flatMap(({ containerId }) => containerId ?? []),
  );
}
