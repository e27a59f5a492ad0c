import { rightsOfSpace, rightsOfYoung } from "#shared/syncs/rights/listed-rights.ts";
import { allCommentsCql, allFilesCql } from "#shared/confluence/cql.ts";
import { transaction } from "#shared/db/connect.ts";
import { markListed } from "#shared/documents/checked-comments.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import {
  newComments,
  queueOutdatedComments,
  recordComments,
  withContainers,
} from "#shared/syncs/comments/list-comments.ts";
import { queueOutdatedFiles, recordListedFiles } from "#shared/syncs/files/list-files.ts";
import type { CheckCheckpoint as Checkpoint } from "./check-checkpoint.ts";
import { learnWebBase } from "#shared/syncs/listing/learn-web-base.ts";
import { reportSkipped, reportUnreadable } from "#shared/syncs/listing/report-unreadable.ts";
import { recordListing } from "#shared/syncs/listing/record-listing.ts";
import { reportRestored } from "#shared/syncs/listing/report-restored.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import { afterPage } from "#shared/syncs/listing/next-kind.ts";
import { verifySpace } from "#shared/syncs/listing/verify-site.ts";

/** Lists the space. The listing also shows current versions: pages that a sync missed become work of this operation. */
export async function listNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, operation, services } = context;
  if (checkpoint.kind === "comments") return listComments(context, checkpoint);
  if (checkpoint.kind === "attachment") return listFiles(context, checkpoint);
  const readAt = services.now();
  const listed = await client.listPages(checkpoint.kind, source.spaceId, checkpoint.cursor);
  // Listed pages prove that the space exists; an empty listing may mean that it is gone or not visible.
  const nothing = (operation.counters.pages_listed ?? 0) + listed.pages.length === 0;
  if (listed.next === null && nothing) await verifySpace(client, source);
  reportUnreadable(listed.pages, context);
  const next: Checkpoint = {
    ...checkpoint,
    ...afterPage(checkpoint, listed.next),
  };
  const rights = await rightsOfSpace(context, listed.pages, readAt);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordListing(tx, operation, listed.pages, {
      rules: { representationRevision: REPRESENTATION_REVISION },
      keepSeen: true,
      now: services.now(),
      onRestored: reportRestored(context),
    });
    await learnWebBase(tx, context);
    await saveStep(tx, context, { checkpoint: next, counts });
  });
}

/** Comments without their bodies: only those that are new here are requested with them. */
async function listComments(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, operation, services } = context;
  const listed = await client.searchContent(allCommentsCql(source.spaceKey), checkpoint.cursor, ["comments"]);
  const { comments: found, unreadable } = await newComments(context, listed.comments);
  const { comments } = await withContainers(context, found);
  const next: Checkpoint = {
    ...checkpoint,
    ...afterPage(checkpoint, listed.next),
  };
  const rights = await rightsOfYoung(context, comments);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordComments(tx, context, listed.comments.length, comments);
    const ids = listed.comments.map((comment) => comment.id);
    if (!operation.dryRun) await markListed(tx, operation, ids);
    if (listed.next === null) await queueOutdatedComments(tx, context, { everything: true });
    await saveStep(tx, context, {
      checkpoint: next,
      counts,
      ...reportSkipped(context, { kind: "comments", count: unreadable.length, ids: unreadable }),
    });
  });
}

async function listFiles(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  const listed = await client.searchContent(allFilesCql(source.spaceKey), checkpoint.cursor, ["attachment"]);
  const next: Checkpoint = {
    ...checkpoint,
    ...afterPage(checkpoint, listed.next),
  };
  const rights = await rightsOfYoung(context, listed.files);
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const counts = await recordListedFiles(tx, context, listed.files, { everything: true, keepSeen: true });
    if (listed.next === null) await queueOutdatedFiles(tx, context, { everything: true });
    await saveStep(tx, context, { checkpoint: next, counts });
  });
}
