import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { recentCursors } from "./follow-cursor.ts";
import { labelListing } from "./list-labels.ts";
import { nextKind } from "./next-kind.ts";
import { SEARCH_MODES, type Changes } from "./search-changes.ts";

/** How far the listing of a sync is. */
export const listCheckpoint = z.object({
  phase: z
    .enum(["starting", "rights", "listing", "folders", "labels", "checking the time zone", "listed"])
    .default("starting"),
  /** `space`: the v2 listing of everything; `changes`: CQL. */
  listing: z.enum(["space", "changes"]).default("space"),
  /** The kind that is listed whole now, comments by CQL, others by v2; null: CQL lists all kinds, or v2 pages where there is no query. */
  kind: z.enum(CONTENT_KINDS).nullable().default(null),
  /** To be listed by v2 after that. */
  kinds_left: z.array(z.enum(CONTENT_KINDS)).default([]),
  /** The query for what changed, of these kinds (null: of all), and those after it; how they were chosen. */
  cql: z.string().nullable().default(null),
  cql_kinds: z.array(z.enum(CONTENT_KINDS)).nullable().default(null),
  queries_left: z.array(z.object({ cql: z.string(), kinds: z.array(z.enum(CONTENT_KINDS)) })).default([]),
  search_mode: z.enum(SEARCH_MODES).default("one query"),
  cursor: z.string().nullable().default(null),
  recent_cursors: recentCursors,
  labels: labelListing.nullable().default(null),
  /** Of the kinds that are listed whole: how many Confluence counted, and how many were listed. */
  of_kinds: z
    .partialRecord(z.enum(CONTENT_KINDS), z.object({ expected: z.int(), listed: z.int() }))
    .default({}),
  /** Comments that were listed, and whose bodies have not come, or the page of the file that they are on. */
  comments_missing: z.int().default(0),
  /** Ids of the last response, and how many items of all responses had been in the one before: they count once. */
  last_ids: z.array(z.string()).default([]),
  repeated: z.int().default(0),
});
export type ListCheckpoint = z.infer<typeof listCheckpoint>;

/** The part of a checkpoint that tells how many of the kind that is listed whole have been listed. */
export function countOfKind(
  { kind, of_kinds: kinds }: Pick<ListCheckpoint, "kind" | "of_kinds">,
  more: number,
) {
  const known = kind === null ? undefined : kinds[kind];
  if (kind === null || !known) return { of_kinds: kinds };
  return { of_kinds: { ...kinds, [kind]: { ...known, listed: known.listed + more } } };
}

/**
 * The part of a checkpoint that tells what a response contained. `fresh`: how many of these items were not in it before, nor in the
 * response before it. A response that comes a second time must not make up for one that did not come.
 */
export function noteItems(
  { cursor, last_ids: last, repeated }: Pick<ListCheckpoint, "cursor" | "last_ids" | "repeated">,
  items: readonly { id: string }[],
): { fresh: number; place: Pick<ListCheckpoint, "last_ids" | "repeated"> } {
  const ids = [...new Set(items.map(({ id }) => id))];
  const before = new Set(cursor === null ? [] : last);
  const fresh = ids.filter((id) => !before.has(id)).length;
  return { fresh, place: { last_ids: ids, repeated: repeated + items.length - fresh } };
}

/** The part of a checkpoint that begins a listing of changes. */
export function fromStart({ mode, queries: [first, ...left] }: Changes) {
  return {
    cql: first?.cql ?? null,
    cql_kinds: first?.kinds ?? null,
    queries_left: left,
    search_mode: mode,
    cursor: null,
    recent_cursors: [],
  };
}

/** Where a listing continues after the last page of a query or of a kind. */
export function nextListing(checkpoint: ListCheckpoint) {
  const [next, ...left] = checkpoint.kind === null ? checkpoint.queries_left : [];
  if (!next) return nextKind(checkpoint);
  return { cql: next.cql, cql_kinds: next.kinds, queries_left: left, cursor: null, recent_cursors: [] };
}
