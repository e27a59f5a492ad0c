import { allPagesCql } from "#shared/confluence/cql.ts";
import { kindsToList, type ContentKind } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { requestSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { needsSweep, sweepInline } from "#shared/syncs/rights/sweep-inline.ts";
import { fromStart, listCheckpoint, type ListCheckpoint as Checkpoint } from "./list-checkpoint.ts";
import { listAgain } from "./list-again.ts";
import { listNext } from "./list-content.ts";
import { closeListing } from "./close-listing.ts";
import { listFolders } from "./list-folders.ts";
import { listLabels } from "./list-labels.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { countListed, saveStep } from "#shared/syncs/operations/save-step.ts";
import { countChanges } from "./search-changes.ts";
import { verifyAccount, verifySpace } from "./verify-site.ts";

/** Runs the next step of a sync's listing: see `Step`. */
export async function listStep(context: StepContext): Promise<"more" | "listed" | { notBefore: Date }> {
  const checkpoint = listCheckpoint.parse(context.operation.checkpoint);
  if (checkpoint.phase === "listed") return "listed";
  if (checkpoint.phase === "rights") return rightsNext(context, checkpoint);
  await PHASES[checkpoint.phase](context, checkpoint);
  return "more";
}

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
  const kinds = kindsToList(source.content);
  if (everything) await verifySpace(client, source);
  // Kinds that were switched on since the last sync: what changed since then is not all that there is.
  const wasListed = (kind: ContentKind) => source.metadata.listed_kinds.includes(kind);
  // Of comments on files nothing is stored while there are no files.
  const isListed = (kind: ContentKind) =>
    !everything &&
    wasListed(kind) &&
    (kind !== "comments" || !kinds.includes("attachment") || wasListed("attachment"));
  const kindsLeft = kinds.filter((kind) => !isListed(kind));
  const { timeZone } = user;
  const changes = everything ? null : await countChanges(client, source, { timeZone, mode: "with folders" });
  let expected = changes?.expected ?? 0;
  // One by one: more of one kind than the index counts yet must not make up for a list of another one that is cut short.
  const ofKinds: Checkpoint["of_kinds"] = {};
  for (const kind of kindsLeft) {
    const count = (await client.countPages(allPagesCql(source.spaceKey, [kind]))) ?? 0;
    ofKinds[kind] = { expected: count, listed: 0 };
    expected += count;
  }
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
    of_kinds: ofKinds,
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
