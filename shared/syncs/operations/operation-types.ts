import { syncedKinds } from "#shared/content-kinds.ts";
import type { Json } from "#shared/db/connect.ts";
import type { QueueName } from "#shared/messages.ts";
import type { Source } from "#shared/sources/source.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";
import type { ListingFacts } from "./listing-facts.ts";

/** Each type with the queue of the messages that run its steps. */
type Queues = {
  confluence_sync: "plan";
  deletion_check: "check";
  page_sync: "plan";
  approved_deletions: "check";
};
export type OperationType = keyof Queues;
/** The types whose steps run behind one queue: the function behind it has a step for each of them. */
export type OperationTypeOf<Queue extends QueueName> = {
  [Type in OperationType]: Queues[Type] extends Queue ? Type : never;
}[OperationType];
export type SyncMode = "incremental" | "full";

/** An operation that ended with all its work done. */
export type Finished = {
  facts: ListingFacts & { scheduledFor: Date | null; createdAt: Date; actor: string };
  metrics: SyncMetrics;
  source: Source;
};

type OperationSpec<Type extends OperationType> = {
  queue: Queues[Type] & QueueName;
  /** Its mode, if it has one. */
  modeOf: (request: { mode?: SyncMode }) => SyncMode | null;
  /** What it writes to the source's metadata unless it was a dry run. */
  settle: (finished: Finished) => Record<string, Json>;
  /** Whether it lists the space, so that its end proves what the account sees of it. */
  listsSpace: boolean;
  /**
   * Whether what it decides on was missed by a complete listing of the space: only that counts towards the two after which a page that
   * is not visible is deleted.
   */
  followsListing: boolean;
  /** Whether it was told by announcements what to ask for: one that ends badly leaves what it had not done yet to a deletion check. */
  usesUpHints: boolean;
  /** The operation that follows unless it was a dry run. */
  followedBy: (source: Source, facts: ListingFacts) => OperationType | null;
};

/** Everything that differs between types of operations, apart from their steps. */
export const OPERATIONS: { readonly [Type in OperationType]: OperationSpec<Type> } = {
  confluence_sync: {
    queue: "plan",
    modeOf: ({ mode = "incremental" }) => mode,
    // The watermark moves here and nowhere else: every listed page has been stored, or is recorded in `sync_error`.
    settle: ({ facts, metrics, source }) => ({
      ...(facts.listingIncomplete
        ? {}
        : {
            last_sync_timestamp: iso(facts.confluenceStartedAt),
            listed_kinds: listedKinds(facts, source),
          }),
      sync_metrics: metrics,
      time_zone: facts.timeZone,
    }),
    listsSpace: true,
    followsListing: true,
    usesUpHints: false,
    followedBy: ({ metadata }) => (metadata.deletion_strategy === "every_sync" ? "deletion_check" : null),
  },
  deletion_check: {
    queue: "check",
    modeOf: () => null,
    settle: ({ facts, source }) => ({
      // In place of announcements: it is not one of the two that a page must be missed by, and puts off none of them.
      ...(facts.actor === "hook"
        ? {}
        : { last_deletion_check: iso(facts.scheduledFor ?? facts.confluenceStartedAt) }),
      ...(facts.heldDeletions ? {} : { deletions_held: null }),
      ...(isWantedBefore(facts.createdAt, source) ? { check_wanted_since: null } : {}),
    }),
    listsSpace: true,
    followsListing: true,
    usesUpHints: false,
    followedBy: () => null,
  },
  // Pages that are said to have changed: it proves nothing about other pages, so it moves no watermark and settles no check.
  page_sync: {
    queue: "plan",
    modeOf: () => null,
    settle: () => ({}),
    listsSpace: false,
    followsListing: false,
    usesUpHints: true,
    // More deletions than the cap allows are left to a check, which lists the whole space and may be held.
    followedBy: (_source, { checkFollows }) => (checkFollows ? "deletion_check" : null),
  },
  // Deletions that a check held and a person approved: the check listed the space, this asks for these pages again.
  approved_deletions: {
    queue: "check",
    modeOf: () => null,
    settle: () => ({}),
    listsSpace: false,
    followsListing: true,
    usesUpHints: false,
    followedBy: () => null,
  },
};

/** What was listed, unless kinds were switched meanwhile: of one that was off and is on again the rows are gone. */
function listedKinds(facts: Finished["facts"], { content, metadata }: Source): string[] {
  const changedAt = metadata.content_changed_at;
  if (changedAt !== undefined && new Date(changedAt) >= facts.createdAt) return metadata.listed_kinds;
  return syncedKinds(content).filter((kind) => facts.listedKinds.includes(kind));
}

function isWantedBefore(createdAt: Date, { metadata }: Source): boolean {
  return metadata.check_wanted_since !== null && new Date(metadata.check_wanted_since) <= createdAt;
}

function iso(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}

// The keys of a constant object with at least one key.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const operationTypes = Object.keys(OPERATIONS) as [OperationType, ...OperationType[]];
