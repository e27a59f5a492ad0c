import { z } from "zod";
import { UserError } from "#shared/errors.ts";

/**
 * Cursors are the position of the last row in the list's own order, so a list that is read on stays right while rows come and
 * go. Clients see an opaque text.
 */
type Position = readonly (string | number)[];

/** A text in a position: Postgres takes none with U+0000. */
export const cursorText = z.string().regex(/^[^\u0000]*$/);

/** A time in a position: Postgres has no year 0. */
export const cursorTime = z.iso.datetime().regex(/^(?!0000)/);

/** The position that a client sent back, or null for the beginning. Throws `UserError` 400 `invalid_cursor`. */
export function readCursor<T extends Position>(
  list: string,
  schema: z.ZodType<T>,
  cursor: string | undefined,
): T | null {
  if (cursor === undefined) return null;
  const parsed = schema.safeParse(decode(list, cursor));
  if (parsed.success) return parsed.data;
  throw new UserError(400, "invalid_cursor", "The cursor was not returned by this list");
}

function decode(list: string, cursor: string): unknown {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) && parts[0] === list ? parts.slice(1) : null;
  } catch {
    // Not base64 of JSON: refused by the caller like any other text that is no position.
    return null;
  }
}

/** The position as the text that `readCursor` takes. */
export function writeCursor(list: string, position: Position): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString("base64url");
}

/** The first `limit` of rows that were read with one more than that, and the cursor for what follows. */
export function pageOf<T>(
  list: string,
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => Position,
): { rows: T[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    rows: shown,
    nextCursor: more ? writeCursor(list, positionOf(last)) : null,
  };
}
