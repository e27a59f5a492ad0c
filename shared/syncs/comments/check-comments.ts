import type { Sql } from "#shared/db/connect.ts";
import {
  confirmedComments,
  countGone,
  removeGone,
  unlistedComments,
} from "#shared/documents/checked-comments.ts";
import { touchComments } from "#shared/documents/comments.ts";
import { judgeCap } from "#shared/syncs/deletions/deletion-rules.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import type { HeldDeletions } from "#shared/syncs/operations/held-deletions.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { queueDocuments } from "./list-comments.ts";

/** Ids of one call. */
const CONFIRM_BATCH = 100;

/** `done`: nothing is left to ask for. `write` runs in the transaction that saves the step. */
export type CommentCheckStep = {
  done: boolean;
  counts: Record<string, number>;
  held: HeldDeletions | null;
  write: (tx: Sql) => Promise<void>;
};

const NOTHING: CommentCheckStep = { done: true, counts: {}, held: null, write: async () => {} };

/**
 * One step of looking for deleted comments, after the deletions of pages, which take their comments with them: the type of the next
 * comments that the check did not list is requested by id. Only null, for gone or not visible, counts; at the end those are left out of
 * search at the first check and deleted at the second, unless they are more than the cap.
 */
export async function checkComments(context: StepContext): Promise<CommentCheckStep> {
  const { operation, source, client, services } = context;
  const owner = { sourceId: source.sourceId, operationId: operation.operationId };
  const ids = await unlistedComments(services.sql, owner, CONFIRM_BATCH);
  if (ids.length === 0) return settle(context);
  // To an anonymous caller every comment looks gone.
  await verifyAccount(client, source);
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  // Retried once, like labels.
  const retryTransient = operation.failures === 0;
  const attempt = await calls.attempt("comments", () => client.typesOfIds(ids), { retryTransient });
  // Nothing is proven: the stored comments stay.
  if (!attempt.ok) return NOTHING;
  const gone = ids.filter((id) => attempt.value.get(id) === null);
  return {
    done: false,
    counts: {},
    held: null,
    write: (tx) => confirmedComments(tx, owner, { asked: ids, gone }),
  };
}

async function settle(context: StepContext): Promise<CommentCheckStep> {
  const { operation, source, client, services } = context;
  const owner = { sourceId: source.sourceId, operationId: operation.operationId };
  const outcomes = await countGone(services.sql, owner);
  if (outcomes.firstTime + outcomes.secondTime === 0) return NOTHING;
  await verifyAccount(client, source);
  const held = operation.force ? null : judgeCap({ kind: "comments", ...outcomes });
  if (held) return { ...NOTHING, held };
  return {
    done: true,
    counts: { comments_deleted: outcomes.firstTime },
    held: null,
    write: async (tx) => {
      const containerIds = await removeGone(tx, owner, services.now());
      const documents = await touchComments(tx, source.sourceId, containerIds);
      await queueDocuments(tx, operation, documents, services.now());
    },
  };
}
