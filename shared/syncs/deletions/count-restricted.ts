import { z } from "zod";
import { recordRestricted, restrictedCountedAt } from "#shared/access/sweeps/restricted-count.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { allRightsCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { later } from "#shared/syncs/later.ts";
import { recentCursors, rememberCursor } from "#shared/syncs/listing/follow-cursor.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { OF_THE_TOKEN } from "#shared/syncs/optional-calls.ts";
import { ofSpace } from "#shared/syncs/rights/read-restriction.ts";

/** A little less than the week between two checks; checks after each sync would otherwise list the space twice each. */
const COUNT_AGAIN_AFTER_MS = 6.5 * 24 * 60 * 60_000;

/** How far the count is. */
export const restrictedCount = z.object({
  cursor: z.string().nullable(),
  recent_cursors: recentCursors,
  found: z.int(),
});
type Place = z.infer<typeof restrictedCount>;

/** `next` null: the count is done, or was given up, once `write` has run. */
type CountStep = { next: Place | null; write: (tx: Sql) => Promise<void> };

const DONE: CountStep = { next: null, write: async () => {} };

/**
 * Runs one step of counting the content with a view restriction of its own, which the warning of a source that shows everything names. Nothing
 * depends on it: where it fails, the number stays as it is, and the next check counts.
 */
export async function countRestricted(context: StepContext, place: Place | null): Promise<CountStep> {
  const { source, services } = context;
  if (place === null) {
    const last = await restrictedCountedAt(services.sql, source.sourceId);
    if (last && later(last, COUNT_AGAIN_AFTER_MS) > services.now()) return DONE;
  }
  try {
    return await countNext(context, place ?? { cursor: null, recent_cursors: [], found: 0 });
  } catch (error) {
    if (!isOfTheCount(error)) throw error;
    services.log.warn("confluence.call_refused", {
      source_id: source.sourceId,
      wanted: "restrictions",
      code: error.code,
      error,
    });
    return DONE;
  }
}

async function countNext({ client, source, services }: StepContext, place: Place): Promise<CountStep> {
  const listed = await client.searchRights(
    allRightsCql(source.spaceKey, syncedPageKinds(source.content)),
    place.cursor,
  );
  if (listed.skipped > 0) throw new TransientError("incomplete_count", "Listed items could not be read");
  const found = place.found + ofSpace(listed.contents, source.spaceKey).filter(isRestricted).length;
  if (listed.next !== null) return { ...DONE, next: { ...rememberCursor(place, listed.next), found } };
  // An anonymous response has nothing restricted in it.
  await verifyAccount(client, source);
  return {
    next: null,
    write: (tx) => recordRestricted(tx, source.sourceId, { restricted: found, at: services.now() }),
  };
}

/** Whether the check can go on: a limit is waited for, and a token that is not accepted ends the check. */
function isOfTheCount(error: unknown): error is PermanentError | TransientError {
  if (error instanceof TransientError) return true;
  return error instanceof PermanentError && !OF_THE_TOKEN.has(error.code) && error.code !== "account_changed";
}

/** A list of principals that was cut is one. */
function isRestricted({ restriction }: Pick<ContentRights, "restriction">): boolean {
  return restriction === null || restriction.users.length + restriction.groups.length > 0;
}
