import type { Sql } from "#shared/db/connect.ts";

/**
 * What a reader may be shown: all visible pages of the sources `openSources`, and pages under an access node whose bit is set in
 * `nodes`, counted from the lowest bit of each byte. Null, where it is allowed, is everything: nothing is filtered.
 */
export type Readable = { openSources: readonly string[]; nodes: Uint8Array };

/** The last two arguments of `is_readable` and of the functions that filter by it. */
export function readableArguments(sql: Sql, readable: Readable | null) {
  if (readable === null) return sql`null::text[], null::bytea`;
  return sql`${[...readable.openSources]}::text[], ${readable.nodes}::bytea`;
}
