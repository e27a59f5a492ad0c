import { z } from "zod";
import { UNREADABLE, type ConfluencePage } from "#shared/confluence/client.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { readPageStates, type PageState } from "#shared/documents/page-states.ts";
import { applyConfirmed } from "#shared/syncs/deletions/apply-confirmed.ts";
import { judgeCaps } from "#shared/syncs/deletions/deletion-rules.ts";
import {
  addCandidates,
  CONFIRM_BATCH,
  confirmNext,
  countOutcomes,
} from "#shared/syncs/deletions/deletion-candidates.ts";
import { fetchVisible } from "#shared/syncs/deletions/fetch-visible.ts";
import { recordComments, withContainers } from "#shared/syncs/comments/list-comments.ts";
import { LISTED_BY_TIME, recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { contentOfArrived } from "#shared/syncs/listing/arrived-content.ts";
import { rightsOfPages } from "#shared/syncs/rights/listed-rights.ts";
import { queueFailedOn } from "#shared/syncs/listing/queue-failed-pages.ts";
import { recordListing } from "#shared/syncs/listing/record-listing.ts";
import { reportRestored } from "#shared/syncs/listing/report-restored.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";
import type { ListingFacts } from "#shared/syncs/operations/listing-facts.ts";
import { saveStep } from "#shared/syncs/operations/save-step.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { countGoneRecently, pagesBelow, setAside } from "./gone-pages.ts";
import {
  addHints,
  countFalseAlarms,
  countHints,
  dueHints,
  MAX_WAITING,
  nextHintAt,
  removeHints,
  sourcesOfSpaces,
  type Hint,
  type PageOfSource,
} from "./page-hints.ts";
import { STORM_PAGES } from "./hinted-requests.ts";
import { wantCheck } from "#shared/syncs/schedules/want-check.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { startHinted } from "./start-hinted.ts";

/** Pages that one operation asks for: a scheduled sync waits meanwhile. */
const MAX_ASKED = 6000;

const checkpointSchema = z.object({
  phase: z.enum(["asking", "confirming", "deleting", "listed"]).default("asking"),
  asked: z.int().default(0),
  candidates: z.int().default(0),
});
type Checkpoint = z.infer<typeof checkpointSchema>;

/**
 * Runs the next step of an operation for pages that are said to have changed. A hint proves nothing: each page is requested by id,
 * its version is compared, and a page that is not current here goes by the rules of the deletion check. The watermark stays.
 */
export async function pageSyncStep(context: StepContext): Promise<"more" | "listed" | { notBefore: Date }> {
  const checkpoint = checkpointSchema.parse(context.operation.checkpoint);
  switch (checkpoint.phase) {
    case "asking":
      return askNext(context, checkpoint);
    case "confirming":
      await confirm(context, checkpoint);
      return "more";
    case "deleting":
      await applyBatch(context, checkpoint);
      return "more";
    case "listed":
      return "listed";
  }
}

async function askNext(
  context: StepContext,
  checkpoint: Checkpoint,
): Promise<"more" | "listed" | { notBefore: Date }> {
  const { operation, source, client, services } = context;
  const waiting = await countHints(services.sql, source.sourceId);
  // Ending without the others starts the one sync that replaces so many.
  const isStorm = checkpoint.asked === 0 && waiting.replaceable > STORM_PAGES;
  // Since the last step, which removed a batch at most, there may have been no room for further ones.
  const mayLack = waiting.all > MAX_WAITING - CONFIRM_BATCH;
  const mayAsk = checkpoint.asked < MAX_ASKED;
  const due = { now: services.now(), limit: CONFIRM_BATCH, isStorm };
  const hints = mayAsk ? await dueHints(services.sql, operation, due) : [];
  if (hints.length === 0) {
    const next =
      mayAsk && !isStorm && checkpoint.asked === 0 ? await nextHintAt(services.sql, source.sourceId) : null;
    // Announced again since this operation was started: it waits, instead of one more operation for the same pages.
    if (next && next > services.now()) return { notBefore: next };
    const phase = checkpoint.candidates > 0 ? "confirming" : "listed";
    await save(context, { ...checkpoint, phase }, { wantsCheck: mayLack && !isStorm });
    return "more";
  }
  // An anonymous response would look like pages that are gone, and would use up their hints.
  await verifyAccount(client, source);
  const pageIds = hints.map((hint) => hint.pageId);
  const { pages, isUndecided } = await fetchVisible(pageIds, client, syncedPageKinds(source.content));
  const states = await readPageStates(services.sql, source.sourceId, pageIds);
  const isHere = (page: ConfluencePage | undefined) =>
    page?.status === UNREADABLE || (page?.status === "current" && page.spaceId === source.spaceId);
  const here = [...pages.values()].filter(isHere);
  const requested = new Set(
    hints.flatMap(({ pageId, isRequested }) => (isRequested && isHere(pages.get(pageId)) ? [pageId] : [])),
  );
  const gone = pageIds.filter(
    (id) => !isHere(pages.get(id)) && !isUndecided(id) && mayGo(states.get(id), pages.get(id)),
  );
  // A space that is gone would take its announced pages with it.
  if (gone.length > 0) await verifySpace(client, source);
  const arrived = await contentOfArrived(context, here, { listedByTime: false });
  const { comments } = await withContainers(context, arrived.comments, arrived.files);
  // After all text was fetched that is stored here: who was shut out before a comment was written never sees it.
  const rights = await rightsOfPages(
    context,
    here.map(({ id }) => id),
  );
  const elsewhere = await pagesOfOtherSources(context, pages.values());
  await transaction(services.sql, async (tx) => {
    await rights(tx);
    const now = services.now();
    const unchanged = hints.filter((hint) => isUnchanged(pages.get(hint.pageId), states.get(hint.pageId)));
    const counts = await recordListing(tx, operation, here, {
      rules: { representationRevision: null, requested },
      keepSeen: true,
      now,
      onRestored: reportRestored(context),
    });
    const commentCounts = await recordComments(tx, context, comments.length, comments);
    const fileCounts = await recordListedFiles(tx, context, arrived.files, LISTED_BY_TIME);
    await queueFailedOn(tx, operation, [...requested], now);
    await queueRefreshes(tx, operation, now);
    const added = await addCandidates(tx, operation, gone, now);
    const below = await pagesBelow(tx, operation, added);
    await countFalseAlarms(tx, unchanged);
    await removeHints(tx, source.sourceId, hints);
    await addHints(tx, below, { reason: "parent_gone", atOnce: true, now });
    await addHints(tx, elsewhere, { reason: "moved_here", atOnce: true, now });
    await saveStep(tx, context, {
      checkpoint: {
        ...checkpoint,
        asked: checkpoint.asked + hints.length,
        candidates: checkpoint.candidates + added.length,
      },
      counts: { ...counts, ...commentCounts, ...fileCounts, pages_listed: hints.length },
      facts: { pagesExpected: checkpoint.asked + hints.length },
      message: messageOf(hints, { here: here.length, gone: added.length, unchanged: unchanged.length }),
    });
    // After the row of the operation, as everywhere that both are locked.
    if (mayLack) await wantCheck(tx, source.sourceId, now);
  });
  const sourceIds = [...new Set(elsewhere.map((page) => page.sourceId))];
  // The step is done and its hints are stored: what cannot be started now is started within a minute.
  if (sourceIds.length > 0) {
    await startHinted(services, { sourceIds, limit: sourceIds.length }).catch((error: unknown) =>
      services.log.warn("request.failed", { operation_id: operation.operationId, error }),
    );
  }
  return "more";
}

function messageOf(hints: readonly Hint[], found: { here: number; gone: number; unchanged: number }): string {
  const { here, gone, unchanged } = found;
  const missing = hints.length - here - gone;
  return `${hints.length} pages asked for: ${here} current (${unchanged} as stored), ${gone} to be confirmed as gone, ${missing} not of this space`;
}

/** Whether a stored page may have gone. One that is hidden already and still not visible waits for a complete check. */
function mayGo(state: PageState | undefined, page: ConfluencePage | undefined): boolean {
  if (!state || state.isDeleted) return false;
  return page !== undefined || state.missingSince === null;
}

/** Whether a page was announced although it is as the index has it: nothing about it needs work. */
function isUnchanged(page: ConfluencePage | undefined, state: PageState | undefined): boolean {
  if (!state || state.isDeleted) return page?.status !== "current";
  if (page?.status !== "current") return false;
  return state.version >= page.version && state.parentId === page.parentId && state.missingSince === null;
}

/** Current pages of other spaces that have a source: those that were moved there, or announced without their space. */
async function pagesOfOtherSources(
  { source, services }: StepContext,
  pages: Iterable<ConfluencePage>,
): Promise<PageOfSource[]> {
  if (source.siteId === null) return [];
  const others = [...pages].filter((page) => page.status === "current" && page.spaceId !== source.spaceId);
  const spaceIds = [...new Set(others.flatMap((page) => page.spaceId ?? []))];
  const sources = await sourcesOfSpaces(services.sql, source.siteId, spaceIds);
  return others.flatMap((page) => {
    const sourceId = page.spaceId === null ? undefined : sources.get(page.spaceId);
    return sourceId === undefined ? [] : [{ sourceId, pageId: page.id }];
  });
}

/** As in a deletion check, the account is verified before and after the candidates were requested. */
async function confirm(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  const { operation, services } = context;
  const confirmed = await confirmNext(context);
  if (confirmed) return save(context, checkpoint, { also: confirmed.save });
  await verifyAccount(context.client, context.source);
  const outcomes = await countOutcomes(services.sql, operation);
  const recently = await countGoneRecently(services.sql, operation, services.now());
  // Many operations of a few pages each must not delete what one check would hold.
  const judged = judgeCaps(
    outcomes.map((ofKind) => {
      const { gone = 0, deleted = 0 } = recently.find(({ kind }) => kind === ofKind.kind) ?? {};
      return { ...ofKind, firstTime: ofKind.firstTime + gone, pages: ofKind.pages + deleted };
    }),
  );
  if (!judged) return save(context, { ...checkpoint, phase: "deleting" });
  await save(
    context,
    { ...checkpoint, phase: "listed" },
    {
      also: (tx) => setAside(tx, operation),
      facts: { checkFollows: true },
      // It stays wanted until one has ended well.
      wantsCheck: true,
      message: `${judged.held.message.split(". ")[0]}: a deletion check decides`,
    },
  );
}

async function applyBatch(context: StepContext, checkpoint: Checkpoint): Promise<void> {
  await applyConfirmed(context, [], (tx, isDone) =>
    saveStep(tx, context, {
      checkpoint: isDone ? { ...checkpoint, phase: "listed" } : checkpoint,
      // Pages that showed what is gone.
      counts: {},
    }),
  );
}

async function save(
  context: StepContext,
  checkpoint: Checkpoint,
  step: {
    also?: (tx: Sql) => Promise<void>;
    wantsCheck?: boolean;
    message?: string;
    facts?: Partial<ListingFacts>;
  } = {},
): Promise<void> {
  const { also, wantsCheck = false, ...more } = step;
  await transaction(context.services.sql, async (tx) => {
    await also?.(tx);
    await saveStep(tx, context, { checkpoint, ...more });
    if (wantsCheck) await wantCheck(tx, context.source.sourceId, context.services.now());
  });
}
