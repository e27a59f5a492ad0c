import type { Sql } from "#shared/db/connect.ts";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";

/**
 * Records that the source needs a deletion check soon, whatever its strategy: announcements were dropped, or their operation ended
 * before it did what they need, and what some of them say no search for what changed finds. It stays recorded until a check that was
 * started afterwards has ended, so that no operation that fails, is cancelled or crashes loses it.
 */
export async function wantCheck(tx: Sql, sourceId: string, now: Date): Promise<void> {
  await mergeSourceMetadata(tx, sourceId, { check_wanted_since: now.toISOString() }, now);
}
