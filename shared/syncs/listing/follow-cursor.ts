import { z } from "zod";
import { TransientError } from "#shared/errors.ts";

/** Cursors of a listing that are remembered to detect a loop; a longer loop ends at the operation's own limits. */
const REMEMBERED = 100;

export const recentCursors = z.array(z.string()).default([]);

/**
 * Returns the cursor to continue from. A repeated cursor would list the same pages forever or hide the rest, so the listing is
 * incomplete: that is an error, never the end of the listing.
 */
export function rememberCursor(
  place: { cursor: string | null; recent_cursors: string[] },
  next: string,
): { cursor: string; recent_cursors: string[] } {
  if (next === place.cursor || place.recent_cursors.includes(next)) {
    throw new TransientError("repeated_cursor", "Pagination loop: Confluence returned the same cursor twice");
  }
  return { cursor: next, recent_cursors: [...place.recent_cursors, next].slice(-REMEMBERED) };
}

/** Yields every page of a listing within one process: for listings too small to need checkpoints. */
export async function* listToEnd<T extends { next: string | null }>(
  list: (cursor: string | null) => Promise<T>,
): AsyncGenerator<T> {
  let place: { cursor: string | null; recent_cursors: string[] } = { cursor: null, recent_cursors: [] };
  for (;;) {
    const listed = await list(place.cursor);
    yield listed;
    if (listed.next === null) return;
    place = rememberCursor(place, listed.next);
  }
}
