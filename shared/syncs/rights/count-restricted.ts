import { endSweep } from "#shared/access/sweeps/sweep-rows.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { allRightsCql } from "#shared/confluence/cql.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { TransientError } from "#shared/errors.ts";
import { rememberCursor } from "#shared/syncs/listing/follow-cursor.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";
import { ofSpace } from "./read-restriction.ts";
import { callsOf, INCOMPLETE_SWEEP, saveSweepStep, type SweepContext } from "./sweep-context.ts";

/**
 * Runs the next step of counting the content with a view restriction of its own, which the warning of a source that shows everything
 * names: one page of the listing. It stores no rights. While it fails, the last number stays.
 */
export async function countRestricted(context: SweepContext): Promise<"more" | "complete"> {
  const { client, source, services, sweep } = context;
  const { checkpoint } = sweep;
  const cql = allRightsCql(source.spaceKey, syncedPageKinds(source.content));
  const listed = await client.searchRights(cql, checkpoint.cursor);
  if (listed.skipped > 0) throw new TransientError(INCOMPLETE_SWEEP, "Listed items could not be read");
  const restricted =
    checkpoint.restricted + ofSpace(listed.contents, source.spaceKey).filter(isRestricted).length;
  if (listed.next !== null) {
    await saveSweepStep(context, { ...rememberCursor(checkpoint, listed.next), restricted });
    return "more";
  }
  // An anonymous response has nothing restricted in it, and a space that is out of sight has nothing at all.
  await verifyAccount(client, source);
  await verifySpace(client, source);
  const now = services.now();
  const duration_ms = now.getTime() - sweep.startedAt.getTime();
  const counters = { restricted, calls: callsOf(context), duration_ms };
  await transaction(services.sql, (tx) => endSweep(tx, sweep, counters, now));
  services.log.info("access_sweep.completed", { source_id: source.sourceId, ...counters });
  return "complete";
}

/** A list of principals that was cut is one. */
function isRestricted({ restriction }: Pick<ContentRights, "restriction">): boolean {
  return restriction === null || restriction.users.length + restriction.groups.length > 0;
}
