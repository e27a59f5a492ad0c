import { applyRights, type ReadContent } from "#shared/access/sweeps/apply-rights.ts";
import { completeRights } from "#shared/access/sweeps/complete.ts";
import { applySpaceReaders } from "#shared/access/sweeps/space-node.ts";
import { forgetContent } from "#shared/access/sweeps/forget-content.ts";
import {
  addList,
  clearLists,
  countListedContent,
  countRights,
  placesOf,
  unlistedAncestors,
  unlistedContent,
  type UnlistedContent,
} from "#shared/access/sweeps/sweep-lists.ts";
import { endSweep, type SweepCheckpoint } from "#shared/access/sweeps/sweep-rows.ts";
import type { SpaceReaders, SpaceRole } from "#shared/confluence/content-rights.ts";
import { allPagesCql, allRightsCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { fetchVisible } from "#shared/syncs/deletions/fetch-visible.ts";
import { rememberCursor } from "#shared/syncs/listing/follow-cursor.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";
import { countRestricted } from "./count-restricted.ts";
import { proveNextContainer } from "./prove-containers.ts";
import { mayOmitFolders, withoutUntoldFolders } from "./missing-folders.ts";
import { ofSpace, READ_AT_ONCE, readCutRestrictions, readRestriction } from "./read-restriction.ts";
import { callsOf, hintHidden, INCOMPLETE_SWEEP, saveSweepStep, type SweepContext } from "./sweep-context.ts";

/**
 * Runs the next step of a sweep: one page of the listing, or a bounded number of single calls. A step that is repeated changes nothing.
 * What it reads and what lets fewer people in counts with the step; all else when the sweep is proven complete, as a deletion check is.
 */
export async function sweepStep(context: SweepContext): Promise<"more" | "complete"> {
  if (context.source.access === "everything") return countRestricted(context);
  const { phase } = context.sweep.checkpoint;
  if (phase === "closing") {
    await close(context);
    return "complete";
  }
  await PHASES[phase](context);
  return "more";
}

const PHASES: Record<
  Exclude<SweepCheckpoint["phase"], "closing">,
  (context: SweepContext) => Promise<void>
> = {
  starting: start,
  listing: listNext,
  ancestors: readAncestors,
  absent: confirmAbsent,
  containers: proveNextContainer,
};

async function start(context: SweepContext): Promise<void> {
  const { client, source, services, site } = context;
  await verifyAccount({ currentUser: () => site.account(client, source) }, source);
  const roles = await site.roles(client, source);
  const readAt = services.now();
  const readers = await spaceReaders(context, roles);
  const expected = await client.countPages(allPagesCql(source.spaceKey, syncedPageKinds(source.content)));
  if (readers.unknown.length > 0)
    services.log.warn("access_sweep.unknown_readers", {
      source_id: source.sourceId,
      principals: readers.unknown,
    });
  const asksParents = await mayOmitFolders(context);
  const next = {
    phase: "listing" as const,
    expected,
    asks_parents: asksParents,
    has_unknown_readers: readers.unknown.length > 0,
  };
  await saveSweepStep(context, next, async (tx) => {
    await applySpaceReaders(tx, source.sourceId, { readers, readAt });
    await clearLists(tx, source.sourceId);
  });
}

/**
 * Confluence names the readers only of a space that the account sees. Listings go by the space's key: were it another space's by now, each
 * content of this one would be asked for by its id.
 */
async function spaceReaders(
  { client, source }: SweepContext,
  roles: readonly SpaceRole[] | null,
): Promise<SpaceReaders> {
  try {
    return await client.spaceReaders(source.spaceId, roles);
  } catch (error) {
    if (error instanceof PermanentError) await verifySpace(client, source);
    throw error;
  }
}

async function listNext(context: SweepContext): Promise<void> {
  const { client, source, services, sweep } = context;
  const { cursor, lists, skipped, to_read: toRead } = sweep.checkpoint;
  if (toRead.length > 0) return readAgain(context, toRead);
  const readAt = services.now();
  const listed = await client.searchRights(
    allRightsCql(source.spaceKey, syncedPageKinds(source.content)),
    cursor,
  );
  const found = ofSpace(listed.contents, source.spaceKey);
  const { contents, cut } = await readCutRestrictions(
    client,
    await withoutUntoldFolders(context, found, { asksParents: sweep.checkpoint.asks_parents }),
  );
  const next: Partial<SweepCheckpoint> =
    listed.next === null
      ? { phase: "ancestors", cursor: null, recent_cursors: [], position: "" }
      : rememberCursor(sweep.checkpoint, listed.next);
  // To be read again by itself, which is done before the listing goes on.
  const left: Partial<SweepCheckpoint> = cut.length > 0 ? { to_read: cut } : {};
  await saveSweepStep(
    context,
    { ...next, ...left, lists: lists + 1, skipped: skipped + listed.skipped },
    async (tx) => {
      await applyRights(tx, source.sourceId, { contents, readAt });
      await addList(tx, source.sourceId, { number: lists, contentIds: found.map(({ id }) => id) });
    },
  );
}

/** What the listing contained only in part: it is where it is stored. */
async function readAgain(context: SweepContext, toRead: readonly string[]): Promise<void> {
  const { source, services } = context;
  const readAt = services.now();
  const wanted = await placesOf(services.sql, source.sourceId, {
    contentIds: toRead.slice(0, READ_AT_ONCE),
    since: context.sweep.startedAt,
  });
  const contents = await readOneByOne(context, wanted);
  await saveSweepStep(context, { to_read: toRead.slice(READ_AT_ONCE) }, (tx) =>
    applyRights(tx, source.sourceId, { contents, readAt }),
  );
}

async function readOneByOne(
  { client }: SweepContext,
  wanted: readonly UnlistedContent[],
): Promise<ReadContent[]> {
  const contents: ReadContent[] = [];
  for (const { id, chain, placedAt } of wanted) {
    // Folders among them are stored as such already.
    const ancestors = chain.map((above) => ({ id: above, type: "page" }));
    contents.push({ id, ancestors, placedAt, restriction: await readRestriction(client, id) });
  }
  return contents;
}

/** Archived pages, drafts and the like: no listing has them, and what is below them inherits their restrictions. */
async function readAncestors(context: SweepContext): Promise<void> {
  const { source, services, sweep } = context;
  // Cut lists of the last page of the listing.
  const { to_read: toRead, position } = sweep.checkpoint;
  if (toRead.length > 0) return readAgain(context, toRead);
  const readAt = services.now();
  const wanted = await unlistedAncestors(services.sql, source.sourceId, {
    after: position,
    limit: READ_AT_ONCE,
    since: sweep.startedAt,
  });
  const last = wanted.at(-1);
  if (!last) return saveSweepStep(context, { phase: "absent", position: "" });
  const contents = await readOneByOne(context, wanted);
  await saveSweepStep(context, { position: last.id }, (tx) =>
    applyRights(tx, source.sourceId, { contents, readAt }),
  );
}

/**
 * Content that was not listed this time is asked for by id: the search index lags. If it is still in the space, and below the same parent,
 * its restriction is read; otherwise nobody sees it from now on. Whether it is deleted is for the deletion check to decide.
 */
async function confirmAbsent(context: SweepContext): Promise<void> {
  const { client, source, services, sweep } = context;
  const { position, skipped } = sweep.checkpoint;
  const readAt = services.now();
  const absent = await unlistedContent(services.sql, source.sourceId, {
    after: position,
    limit: READ_AT_ONCE,
  });
  const last = absent.at(-1);
  if (!last) return saveSweepStep(context, { phase: "containers", position: "" });
  // An anonymous response would look like content that is gone.
  await verifyAccount(client, source);
  const ids = absent.map(({ id }) => id);
  const { pages, isUndecided } = await fetchVisible(ids, client, syncedPageKinds(source.content));
  const isInPlace = ({ id, chain }: UnlistedContent) => {
    const page = pages.get(id);
    const isHere = page?.status === "current" && (page.spaceId === null || page.spaceId === source.spaceId);
    return isHere && page.parentId === (chain.at(-1) ?? null);
  };
  const contents = await readOneByOne(context, absent.filter(isInPlace));
  const undecided = ids.filter(isUndecided).length;
  const elsewhere = absent.filter((content) => !isInPlace(content) && !isUndecided(content.id));
  await saveSweepStep(context, { position: last.id, skipped: skipped + undecided }, async (tx) => {
    await applyRights(tx, source.sourceId, { contents, readAt });
    await forgetContent(tx, source.sourceId, { contentIds: elsewhere.map(({ id }) => id), readAt });
  });
}

async function close(context: SweepContext): Promise<void> {
  const { client, source, services, sweep, site } = context;
  const { sourceId } = source;
  const { expected, skipped, containers_trusted } = sweep.checkpoint;
  // One that began after all of it was read (`closeSweep`).
  await verifyAccount({ currentUser: () => site.account(client, source) }, source);
  const listed = await countListedContent(services.sql, sourceId);
  if (skipped > 0)
    throw new TransientError(
      INCOMPLETE_SWEEP,
      `${skipped} listed items could not be read: nobody gets to see more until they can be`,
    );
  // Some may have been deleted while the listing was read.
  const counted = listed < (expected ?? 0) ? await countAgain(context) : expected;
  if (counted !== null && listed < counted)
    throw new TransientError(
      INCOMPLETE_SWEEP,
      `${listed} of ${counted} pages and blog posts were listed: nobody gets to see more until all are`,
    );
  const now = services.now();
  const duration_ms = now.getTime() - sweep.startedAt.getTime();
  const counters = await transaction(services.sql, async (tx) => {
    await completeRights(tx, sweep);
    const counts = await countRights(tx, sourceId);
    const found = { ...counts, containers_trusted, listed, calls: callsOf(context), duration_ms };
    await hintHidden(tx, source.sourceId, now);
    await endSweep(tx, sweep, found, now);
    return found;
  });
  services.log.info("access_sweep.completed", { source_id: sourceId, ...counters });
}

async function countAgain({ client, source }: SweepContext): Promise<number | null> {
  return client.countPages(allPagesCql(source.spaceKey, syncedPageKinds(source.content)));
}
