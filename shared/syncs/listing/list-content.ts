import type { ContentPage } from "#shared/confluence/client.ts";
import { allCommentsCql, allFilesCql } from "#shared/confluence/cql.ts";
import { syncedKinds } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { upsertFolders } from "#shared/documents/folders.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { newComments, recordComments, withContainers } from "#shared/syncs/comments/list-comments.ts";
import { LISTED_BY_TIME, recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { countMissedEdits } from "#shared/syncs/hints/missed-edits.ts";
import { hasReadRights } from "#shared/syncs/rights/has-rights.ts";
import { rightsOfListed, rightsOfSpace, rightsOfYoung } from "#shared/syncs/rights/listed-rights.ts";
import { contentOfArrived } from "./arrived-content.ts";
import { rememberCursor } from "./follow-cursor.ts";
import { countOfKind, nextListing, noteItems, type ListCheckpoint as Checkpoint } from "./list-checkpoint.ts";
import { learnWebBase } from "./learn-web-base.ts";
import { listAgain } from "./list-again.ts";
import { afterPage } from "./next-kind.ts";
import { reportSkipped, reportUnreadable } from "./report-unreadable.ts";
import { recordListing } from "./record-listing.ts";
import { reportRestored } from "./report-restored.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import { countChanges, nextMode } from "./search-changes.ts";

/** Lists the next page of what changed, or of all content of a kind, and queues what is not stored as it is listed. */
export async function listNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
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
  const { client, source, operation, services } = context;
  const { cursor, cql_kinds: kinds } = checkpoint;
  let listed: ContentPage;
  const readAt = services.now();
  try {
    listed = await client.searchContent(cql, cursor, kinds ?? syncedKinds(source.content), {
      rights: await hasReadRights(services.sql, source),
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
  const { comments: found, unreadable, missing } = await newComments(context, listed.comments);
  const arrived = await contentOfArrived(context, isOfChanges ? listed.pages : [], { listedByTime: true });
  const byId = new Map([...arrived.comments, ...found].map((comment) => [comment.id, comment]));
  const files = [...arrived.files, ...listed.files];
  const { comments, unplaced } = await withContainers(context, [...byId.values()], files);
  reportUnreadable(listed.pages, context);
  const skipped = reportSkipped(context, { kind: "comments", count: unreadable.length, ids: unreadable });
  const containerIds = [...comments, ...files].flatMap(({ containerId }) => containerId ?? []);
  const rights = isOfChanges
    ? await rightsOfListed(context, { pages: listed.pages, containerIds, readAt })
    : await rightsOfSpace(context, listed.pages, readAt);
  const { fresh, place } = noteItems(checkpoint, [
    ...listed.pages,
    ...listed.comments,
    ...listed.files,
    ...listed.folders,
  ]);
  const next: Checkpoint = {
    ...checkpoint,
    ...place,
    comments_missing: checkpoint.comments_missing + missing + unplaced,
    ...countOfKind(checkpoint, fresh),
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
    await recordListedFiles(tx, context, files, LISTED_BY_TIME);
    if (!operation.dryRun) await upsertFolders(tx, operation, listed.folders);
    // What arrived with pages is no part of the listing, which is compared with Confluence's count.
    const otherCounts = {
      files_listed: listed.files.length,
      others_listed: listed.folders.length + listed.skipped,
    };
    await saveStep(tx, context, {
      checkpoint: next,
      counts: { ...counts, ...commentCounts, ...otherCounts },
      ...skipped,
    });
  });
}

/** All comments of the space with their bodies: requesting those of a first sync by their ids would take as many calls again. */
async function listComments(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  const listed = await client.searchComments(allCommentsCql(source.spaceKey), checkpoint.cursor);
  const { fresh, place } = noteItems(checkpoint, listed.comments);
  const next: Checkpoint = {
    ...checkpoint,
    ...place,
    // What cannot be read was listed too: one such comment must not keep the watermark where it is.
    ...countOfKind(checkpoint, fresh + listed.skipped),
    ...afterPage(checkpoint, listed.next),
  };
  const { comments } = await withContainers(context, listed.comments);
  const rights = await rightsOfYoung(context, comments);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordComments(tx, context, listed.comments.length, comments);
    await saveStep(tx, context, {
      checkpoint: next,
      counts: { ...counts, others_listed: listed.skipped },
      ...reportSkipped(context, { kind: "comments", count: listed.skipped, ids: listed.odd }),
    });
  });
}

/** All files of the space: what is downloaded of them is decided when their pages are stored. */
async function listFiles(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  const listed = await client.searchContent(allFilesCql(source.spaceKey), checkpoint.cursor, ["attachment"]);
  const { fresh, place } = noteItems(checkpoint, listed.files);
  const next: Checkpoint = {
    ...checkpoint,
    ...place,
    ...countOfKind(checkpoint, fresh + listed.skipped),
    ...afterPage(checkpoint, listed.next),
  };
  const rights = await rightsOfYoung(context, listed.files);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const options = { everything: true, keepSeen: false };
    const counts = await recordListedFiles(tx, context, listed.files, options);
    await saveStep(tx, context, {
      checkpoint: next,
      counts: { ...counts, others_listed: listed.skipped },
      ...reportSkipped(context, { kind: "files", count: listed.skipped, ids: [] }),
    });
  });
}
