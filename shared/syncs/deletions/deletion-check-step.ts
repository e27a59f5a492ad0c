import { requestSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { kindsToList } from "#shared/content-kinds.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { checkComments } from "#shared/syncs/comments/check-comments.ts";
import type { HeldDeletions } from "#shared/syncs/operations/held-deletions.ts";
import { applyConfirmed } from "./apply-confirmed.ts";
import { collectCandidates, confirmNext, countOutcomes, countStoredPages } from "./deletion-candidates.ts";
import { announceHold } from "./announce-hold.ts";
import { checkCheckpoint, type CheckCheckpoint as Checkpoint } from "./check-checkpoint.ts";
import { listNext } from "./check-listing.ts";
import { judgeCaps } from "./deletion-rules.ts";
import { listFolders } from "#shared/syncs/listing/list-folders.ts";
import { listLabels } from "#shared/syncs/listing/list-labels.ts";
import { touchUnknown } from "#shared/documents/includers.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import type { ListingFacts } from "#shared/syncs/operations/listing-facts.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";

/**
 * Runs the next step of a deletion check. Absence from a listing proves nothing by itself: the check first verifies the account,
 * the space and that the listing is complete, then requests every stored page that was not listed by id, in any status. Only that
 * response decides. Above a cap nothing is deleted until a person repeats the check with `force`.
 */
export async function checkStep(context: StepContext): Promise<"more" | "listed"> {
  const checkpoint = checkCheckpoint.parse(context.operation.checkpoint);
  if (checkpoint.phase === "listed") return "listed";
  await PHASES[checkpoint.phase](context, checkpoint);
  return "more";
}

const PHASES: Record<
  Exclude<Checkpoint["phase"], "listed">,
  (context: StepContext, checkpoint: Checkpoint) => Promise<void>
> = {
  starting: start,
  listing: listNext,
  folders: foldersNext,
  labels: labelsNext,
  "finding candidates": findCandidates,
  confirming: confirm,
  deleting: applyBatch,
  comments: commentsNext,
  closing: close,
};

async function start(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { client, source, services } = context;
  await verifyAccount(client, source);
  const startedAt = client.serverTime() ?? services.now();
  const expected = await countStoredPages(services.sql, source.sourceId);
  await requestSweeps(services.sql, [source.sourceId], services.now());
  const [kind = "page", ...left] = kindsToList(source.content);
  await inTransaction(
    context,
    { ...checkpoint, phase: "listing", kind, kinds_left: left },
    {
      counts: {},
      facts: { confluenceStartedAt: startedAt, pagesExpected: expected, listedKinds: [kind, ...left] },
      message: "Listing the whole space",
    },
  );
}

async function foldersNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const folders = await listFolders(context, { again: true });
  const next: Checkpoint = folders.done ? { ...checkpoint, phase: "labels" } : checkpoint;
  await inTransaction(context, next, { also: folders.write });
}

async function labelsNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const labels = await listLabels(context, checkpoint.labels);
  const next: Checkpoint = labels.next
    ? { ...checkpoint, labels: labels.next }
    : { ...checkpoint, labels: null, phase: "finding candidates" };
  await inTransaction(context, next, { also: labels.write });
}

/** Verifies the account again: if the token was revoked during the listing, the rest of it was anonymous. */
async function findCandidates(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { operation, services } = context;
  const now = services.now();
  const candidates = await transaction(services.sql, (tx) => collectCandidates(tx, operation, now));
  if (candidates > 0) await verifyAccount(context.client, context.source);
  await inTransaction(
    context,
    { ...checkpoint, phase: candidates > 0 ? "confirming" : afterPages(context) },
    {
      message: `${candidates} stored pages were not listed`,
    },
  );
}

async function confirm(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { operation, services } = context;
  const confirmed = await confirmNext(context);
  if (confirmed) {
    await inTransaction(context, checkpoint, { also: confirmed.save });
    return;
  }
  // Verified before and after the candidates were requested: an anonymous response would look like missing pages.
  await verifyAccount(context.client, context.source);
  const judged = operation.force ? null : judgeCaps(await countOutcomes(services.sql, operation));
  const next: Checkpoint = { ...checkpoint, phase: operation.dryRun ? "listed" : "deleting" };
  if (!judged) return inTransaction(context, next, {});
  const { held, kinds } = judged;
  await inTransaction(
    context,
    { ...next, kinds_held: kinds },
    { facts: { heldDeletions: held }, message: held.message },
  );
}

async function applyBatch(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  await applyConfirmed(context, checkpoint.kinds_held, (tx, isDone) =>
    saveStep(tx, context, {
      checkpoint: isDone ? { ...checkpoint, phase: afterPages(context) } : checkpoint,
      // Pages that showed what is gone.
      counts: {},
    }),
  );
}

/** A dry run lists comments, and does not say which are gone. */
function afterPages(context: StepContext): Checkpoint["phase"] {
  if (context.operation.dryRun) return "listed";
  return context.source.content.comments === "none" ? "closing" : "comments";
}

async function commentsNext(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const step = await checkComments(context);
  const held = step.held && joined(context.operation.heldDeletions, step.held);
  await inTransaction(
    context,
    { ...checkpoint, phase: step.done ? "closing" : "comments" },
    { counts: step.counts, also: step.write, ...(held ? { facts: { heldDeletions: held } } : {}) },
  );
}

/** Last, because what pages show may have changed with anything before, and what is held is told once, all kinds together. */
async function close(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { operation, source, services } = context;
  const held = operation.heldDeletions;
  const refresh = async (tx: Sql) => {
    if (held) await announceHold(tx, context, held);
    await touchUnknown(tx, source.sourceId, services.now());
    await queueRefreshes(tx, operation, services.now());
  };
  await inTransaction(context, { ...checkpoint, phase: "listed" }, { counts: {}, also: refresh });
}

function joined(held: HeldDeletions | null, more: HeldDeletions): HeldDeletions {
  if (!held) return more;
  return {
    candidates: held.candidates + more.candidates,
    pages: held.pages + more.pages,
    message: `${held.message}. ${more.message}`,
  };
}

async function inTransaction(
  context: StepContext,
  checkpoint: Checkpoint,
  step: {
    counts?: Record<string, number>;
    facts?: Partial<ListingFacts>;
    message?: string;
    also?: (tx: Sql) => Promise<void>;
  },
): Promise<void> {
  const { also, ...saved } = { ...step, checkpoint };
  if (!also) return saveStep(context.services.sql, context, saved);
  await transaction(context.services.sql, async (tx) => {
    await also(tx);
    await saveStep(tx, context, saved);
  });
}
