import { z } from "zod";
import { TransientError } from "#shared/errors.ts";

/** Cursors of a listing that are remembered to notice a loop; a longer loop ends at the operation's own limits. */
const REMEMBERED = 100;

export const recentCursors = z.array(z.string()).default([]);

/**
 * The place to go on from. A cursor that comes again would list the same pages for ever, or hide the rest: the listing is not
 * complete, which is an error and never its end.
 */
export function rememberCursor(
  place: { cursor: string | null; recent_cursors: string[] },
  next: string,
): { cursor: string; recent_cursors: string[] } {
  if (next === place.cursor || place.recent_cursors.includes(next)) {
    throw new TransientError(
      "repeated_cursor",
      "Confluence gave the same cursor twice: the listing does not end",
    );
  }
  return { cursor: next, recent_cursors: [...place.recent_cursors, next].slice(-REMEMBERED) };
}

/** Every part of a listing, one after the other, within one process: for listings too small to be checkpointed. */
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
