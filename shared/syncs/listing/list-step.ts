import type { ContentPage } from "#shared/confluence/client.ts";
import { allCommentsCql, allFilesCql, allPagesCql } from "#shared/confluence/cql.ts";
import { syncedKinds, type ContentKind } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { upsertFolders } from "#shared/documents/folders.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { newComments, recordComments, withContainers } from "#shared/syncs/comments/list-comments.ts";
import { commentsOfMovedPages } from "#shared/syncs/comments/moved-comments.ts";
import { recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { countMissedEdits } from "#shared/syncs/hints/missed-edits.ts";
import { requestSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { hasRights } from "#shared/syncs/rights/has-rights.ts";
import { rightsOfListed, rightsOfSpace, rightsOfYoung } from "#shared/syncs/rights/listed-rights.ts";
import { needsSweep, sweepInline } from "#shared/syncs/rights/sweep-inline.ts";
import { rememberCursor } from "./follow-cursor.ts";
import {
  fromStart,
  listCheckpoint,
  nextListing,
  type ListCheckpoint as Checkpoint,
} from "./list-checkpoint.ts";
import { closeListing } from "./close-listing.ts";
import { learnWebBase } from "./learn-web-base.ts";
import { listFolders } from "./list-folders.ts";
import { listLabels } from "./list-labels.ts";
import { nextKind } from "./next-kind.ts";
import { reportUnreadable } from "./report-unreadable.ts";
import { recordListing } from "./record-listing.ts";
import { reportRestored } from "./report-restored.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { countListed, LISTED, saveStep } from "#shared/syncs/operations/save-step.ts";
import { countChanges, nextMode, type Changes } from "./search-changes.ts";
import { verifyAccount, verifySpace } from "./verify-site.ts";

/** Runs the next step of a sync's listing: see `Step`. */
export async function listStep(context: StepContext): Promise<"more" | "listed" | { notBefore: Date }> {
  const checkpoint = listCheckpoint.parse(context.operation.checkpoint);
  if (checkpoint.phase === "listed") return "listed";
  if (checkpoint.phase === "rights") return rightsNext(context, checkpoint);
  await PHASES[checkpoint.phase](context, checkpoint);
  return "more";
}

const LISTED_BY_TIME = { everything: false, keepSeen: false };

const PHASES: Record<
  Exclude<Checkpoint["phase"], "listed" | "rights">,
  (context: StepContext, checkpoint: Checkpoint) => Promise<void>
> = {
  starting: start,
  listing: listNext,
  folders: foldersNext,
  labels: labelsNext,
  "checking the time zone": checkTimeZone,
};

async function start(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, operation, services } = context;
  const user = await verifyAccount(client, source);
  const startedAt = client.serverTime() ?? services.now();
  const last = source.metadata.last_sync_timestamp;
  const everything = operation.mode === "full" || last === null;
  const kinds = syncedKinds(source.content);
  if (everything) await verifySpace(client, source);
  // Kinds that were switched on since the last sync: what changed since then is not all that there is.
  const isListed = (kind: ContentKind) => !everything && source.metadata.listed_kinds.includes(kind);
  const kindsLeft = kinds.filter((kind) => !isListed(kind));
  const { timeZone } = user;
  const changes = everything ? null : await countChanges(client, source, { timeZone, mode: "with folders" });
  let expected = changes?.expected ?? 0;
  if (kindsLeft.length > 0)
    expected += (await client.countPages(allPagesCql(source.spaceKey, kindsLeft))) ?? 0;
  // In a space that is out of sight a query finds nothing instead of failing. Between the count and the search: one of them sees more.
  if (!everything && expected === 0) await verifySpace(client, source);
  if (everything) await requestSweeps(services.sql, [source.sourceId], services.now());
  const next: Checkpoint = {
    ...checkpoint,
    phase: needsSweep(context) ? "rights" : "listing",
    listing: everything ? "space" : "changes",
    ...(changes ? fromStart(changes) : {}),
    kind: everything ? (kindsLeft[0] ?? null) : null,
    kinds_left: everything ? kindsLeft.slice(1) : kindsLeft,
  };
  await saveStep(services.sql, context, {
    checkpoint: next,
    counts: {},
    facts: {
      confluenceStartedAt: startedAt,
      timeZone,
      pagesExpected: expected,
      listedKinds: kinds,
    },
    message: everything ? "Listing the whole space" : "Listing what changed",
  });
}

/** Pages are found as soon as they are stored: their rights are known then. */
async function rightsNext(
  context: StepContext,
  checkpoint: Checkpoint,
): Promise<"more" | { notBefore: Date }> {
  const result = await sweepInline(context);
  if (typeof result !== "string") return result;
  await saveStep(context.services.sql, context, {
    checkpoint: result === "done" ? { ...checkpoint, phase: "listing" } : checkpoint,
  });
  return "more";
}

async function listNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source } = context;
  const { cql, cursor } = checkpoint;
  const kind = checkpoint.kind ?? (cql === null ? "page" : null);
  if (kind === "comments") return listComments(context, checkpoint);
  if (kind === "attachment") return listFiles(context, checkpoint);
  if (kind === null && cql !== null) return listChanges(context, checkpoint, cql);
  const listed = await client.listPages(kind ?? "page", source.spaceId, cursor);
  const others = { comments: [], files: [], folders: [], skipped: 0 };
  return recordListed(context, checkpoint, { ...listed, ...others }, context.services.now());
}

/** A site may refuse what the search expands only when it comes to content that does not have it. */
async function listChanges(context: StepContext, checkpoint: Checkpoint, cql: string): Promise<void> {
  const { client, source, operation } = context;
  const { cursor, cql_kinds: kinds } = checkpoint;
  let listed: ContentPage;
  const readAt = context.services.now();
  try {
    listed = await client.searchContent(cql, cursor, kinds ?? syncedKinds(source.content), {
      rights: hasRights(source),
    });
  } catch (error) {
    const mode = nextMode(checkpoint.search_mode, error);
    if (mode === null) throw error;
    const { timeZone } = operation;
    const changes = await countChanges(client, source, { timeZone, mode });
    const message = `Confluence refuses this search: listing by ${mode}`;
    return listAgain(context, checkpoint, { changes, timeZone, message });
  }
  return recordListed(context, checkpoint, listed, readAt);
}

async function recordListed(
  context: StepContext,
  checkpoint: Checkpoint,
  listed: ContentPage,
  readAt: Date,
): Promise<void> {
  const { source, operation, services } = context;
  const isOfChanges = checkpoint.kind === null && checkpoint.cql !== null;
  const { comments: found, missing } = await newComments(context, listed.comments);
  const moved = isOfChanges ? await commentsOfMovedPages(context, listed.pages) : [];
  const byId = new Map([...moved, ...found].map((comment) => [comment.id, comment]));
  const comments = await withContainers(context, [...byId.values()]);
  reportUnreadable(listed.pages, context);
  const containerIds = [...comments, ...listed.files].flatMap(({ containerId }) => containerId ?? []);
  const rights = isOfChanges
    ? await rightsOfListed(context, { pages: listed.pages, containerIds, readAt })
    : await rightsOfSpace(context, listed.pages, readAt);
  const next: Checkpoint = {
    ...checkpoint,
    comments_missing: checkpoint.comments_missing + missing,
    ...(listed.next === null ? nextListing(checkpoint) : rememberCursor(checkpoint, listed.next)),
  };
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordListing(tx, operation, listed.pages, {
      rules: { representationRevision: isOfChanges ? null : REPRESENTATION_REVISION },
      keepSeen: false,
      now: services.now(),
      onRestored: reportRestored(context),
    });
    // A first sync, or one that replaces hints, says nothing about hooks.
    if (isOfChanges && !operation.dryRun && operation.actor !== "hook")
      await countMissedEdits(tx, source, listed.pages, services.now());
    await learnWebBase(tx, context);
    const commentCounts = await recordComments(tx, context, listed.comments.length, comments);
    const fileCounts = await recordListedFiles(tx, context, listed.files, LISTED_BY_TIME);
    if (!operation.dryRun) await upsertFolders(tx, operation, listed.folders);
    const others_listed = listed.folders.length + listed.skipped;
    await saveStep(tx, context, {
      checkpoint: next,
      counts: { ...counts, ...commentCounts, ...fileCounts, others_listed },
    });
  });
}

/** All comments of the space with their bodies: requesting those of a first sync by their ids would take as many calls again. */
async function listComments(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  const listed = await client.searchComments(allCommentsCql(source.spaceKey), checkpoint.cursor);
  const next: Checkpoint = {
    ...checkpoint,
    ...(listed.next === null ? nextKind(checkpoint) : rememberCursor(checkpoint, listed.next)),
  };
  const comments = await withContainers(context, listed.comments);
  const rights = await rightsOfYoung(context, comments);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordComments(tx, context, listed.comments.length, comments);
    await saveStep(tx, context, { checkpoint: next, counts });
  });
}

/** All files of the space: what is downloaded of them is decided when their pages are stored. */
async function listFiles(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  const listed = await client.searchContent(allFilesCql(source.spaceKey), checkpoint.cursor, ["attachment"]);
  const next: Checkpoint = {
    ...checkpoint,
    ...(listed.next === null ? nextKind(checkpoint) : rememberCursor(checkpoint, listed.next)),
  };
  const rights = await rightsOfYoung(context, listed.files);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const options = { everything: true, keepSeen: false };
    const counts = await recordListedFiles(tx, context, listed.files, options);
    await saveStep(tx, context, { checkpoint: next, counts });
  });
}

async function foldersNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const everything = checkpoint.listing === "space";
  const folders = await listFolders(context, { again: everything });
  const after = everything ? ("labels" as const) : ("checking the time zone" as const);
  await transaction(context.services.sql, async (tx) => {
    await folders.write(tx);
    await saveStep(tx, context, { checkpoint: folders.done ? { ...checkpoint, phase: after } : checkpoint });
  });
}

async function labelsNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const labels = await listLabels(context, checkpoint.labels);
  await transaction(context.services.sql, async (tx) => {
    await labels.write(tx);
    if (labels.next) await saveStep(tx, context, { checkpoint: { ...checkpoint, labels: labels.next } });
    else await closeListing(tx, context, checkpoint, context.operation.pagesExpected);
  });
}

/**
 * The CQL literal is in the time zone that the account had at the start. If the zone changed during the listing, Confluence read
 * the same literal as another time: then everything is listed again in the new zone.
 */
async function checkTimeZone(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, operation, services } = context;
  // In a space that is gone CQL returns no results instead of an error.
  if (countListed(operation.counters) === 0 && operation.pagesExpected > 0) await verifySpace(client, source);
  const user = await verifyAccount(client, source);
  const { timeZone } = user;
  if (timeZone !== operation.timeZone) {
    const changes = await countChanges(client, source, { timeZone, mode: checkpoint.search_mode });
    return listAgain(context, checkpoint, {
      changes,
      timeZone,
      message: "The account's time zone changed: listing again",
    });
  }
  const expected = await countAgain(context, checkpoint);
  await transaction(services.sql, (tx) => closeListing(tx, context, checkpoint, expected));
}

/** Lists the changes from the start, by another query. */
async function listAgain(
  context: StepContext,
  checkpoint: Checkpoint,
  again: { changes: Changes; timeZone: string | null; message: string },
): Promise<void> {
  const { changes } = again;
  const { counters } = context.operation;
  const atStart = { ...fromStart(changes), kind: null, comments_missing: 0 };
  // Counted from zero: pages of the first listing must not make up for pages that the second one lacks.
  const counts = [...LISTED, "pages_unchanged"].map((name) => [name, -(counters[name] ?? 0)]);
  await saveStep(context.services.sql, context, {
    checkpoint: { ...checkpoint, ...atStart, phase: "listing" },
    counts: Object.fromEntries(counts),
    facts: { timeZone: again.timeZone, pagesExpected: changes.expected },
    message: again.message,
  });
}

/**
 * The count that a listing of changes is compared with. More was listed than counted: the count was made while the space was out of
 * sight, or before an edit, so it is made again; it would say nothing of a listing that was cut short.
 */
async function countAgain(
  { client, source, operation }: StepContext,
  { cql, kind, search_mode: mode }: Checkpoint,
): Promise<number> {
  const { pagesExpected, timeZone } = operation;
  if (cql === null || kind !== null || countListed(operation.counters) <= pagesExpected) return pagesExpected;
  return Math.max(pagesExpected, (await countChanges(client, source, { timeZone, mode })).expected);
}
