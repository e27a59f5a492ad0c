import { createHash } from "node:crypto";
import { z } from "zod";
import type { Position } from "#shared/documents/read-in-order/parts.ts";
import type { Piece } from "#shared/documents/read-in-order/pieces.ts";
import type { DocumentToRead } from "#shared/documents/read-in-order/read-document.ts";
import { findSections, sectionsOf } from "#shared/documents/read-in-order/sections.ts";
import { UserError } from "#shared/errors.ts";
import { readCursor, writeCursor } from "#functions/runtime/cursor.ts";
import type { FoundDocument } from "./find-document.ts";

/** What of a document is read: from a position up to the piece `to`. */
export type Reading = {
  /** The piece that it began with. */
  from: number;
  to: number;
  position: Position;
  isWhole: boolean;
  section: string | null;
  sectionCount: number;
  /** Whether the text is another than the cursor was made for, so that reading starts over. */
  changed: boolean;
};

const LIST = "read";
/** Less than a part of any size cuts by: a made-up cursor must not have a page cut to letters. */
const MIN_CUT_BUDGET = 100;
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Document, state of its text; beginning and end of what is read; position. Short, because models repeat it. */
const cursorParts = z.tuple([z.string(), z.string(), count, count, count, count, count]);

/** The cursor for a position in what is being read. */
export function cursorOf(
  { page }: FoundDocument,
  document: DocumentToRead,
  { from, to }: Pick<Reading, "from" | "to">,
  { piece, cut, cutBudget }: Position,
): string {
  return writeCursor(LIST, [nameOf(page), stateOf(document), from, to, piece, cut, cutBudget]);
}

/**
 * Where to read: from a cursor, from a heading, at a thread, or from the beginning. Throws `UserError` 400 `invalid_cursor` for a cursor of
 * another document, 404 `page_not_found` for what the document does not have.
 */
export function startReading(
  pieces: readonly Piece[],
  asked: {
    found: FoundDocument;
    document: DocumentToRead;
    heading: string | undefined;
    cursor: string | undefined;
  },
): Reading {
  const at = readCursor(LIST, cursorParts, asked.cursor);
  if (at === null) return beginning(pieces, asked);
  const [name, state, from, to, piece, cut, cutBudget] = at;
  if (name !== nameOf(asked.found.page)) {
    throw new UserError(
      400,
      "invalid_cursor",
      "The cursor belongs to another page: send it with the `page` that it was returned for, or leave it out",
    );
  }
  if (state !== stateOf(asked.document)) return { ...beginning(pieces, asked, true), changed: true };
  if (from > piece || piece >= to || to > pieces.length || (cutBudget > 0 && cutBudget < MIN_CUT_BUDGET)) {
    throw new UserError(400, "invalid_cursor", "The cursor was not returned by this tool: read without it");
  }
  const section = sectionsOf(pieces).find((one) => one.from === from && one.to === to);
  return {
    from,
    to,
    position: { piece, cut, cutBudget },
    isWhole: from === 0 && to === pieces.length,
    section: section?.heading ?? null,
    sectionCount: section ? 1 : 0,
    changed: false,
  };
}

/** `lenient`: of a document that changed, whose heading or thread may be gone. */
function beginning(
  pieces: readonly Piece[],
  { found, heading, document }: Parameters<typeof startReading>[1],
  lenient = false,
): Reading {
  const whole = {
    from: 0,
    to: pieces.length,
    position: { piece: 0, cut: 0, cutBudget: 0 },
    isWhole: true,
    section: null,
    sectionCount: 0,
    changed: false,
  };
  const isOfThread = ({ place }: Piece) =>
    place !== null && "comment_id" in place && place.comment_id === found.threadId;
  const [first, ...others] =
    heading !== undefined && heading !== ""
      ? findSections(pieces, heading)
      : found.threadId === null
        ? [{ heading: null, from: 0, to: pieces.length }]
        : [{ heading: null, from: pieces.findIndex(isOfThread), to: pieces.findLastIndex(isOfThread) + 1 }];
  if (first && first.to > 0) {
    const isWhole = first.from === 0 && first.to === pieces.length;
    const { from, to } = first;
    const sectionCount = first.heading === null ? 0 : others.length + 1;
    return {
      ...whole,
      from,
      to,
      position: { ...whole.position, piece: from },
      isWhole,
      section: first.heading,
      sectionCount,
    };
  }
  if (lenient) return whole;
  throw new UserError(
    404,
    "page_not_found",
    first
      ? `The comment is not in the index, as it is resolved or too short. The other comments are: read ${found.page.pageId}`
      : `No section has this heading. Read ${document.kind === "page" ? "the page" : "it"} without \`heading\`: the first part has the outline`,
  );
}

function nameOf({ sourceId, pageId }: FoundDocument["page"]): string {
  return hash(`${sourceId} ${pageId}`, 6);
}

/** Changes with the text, so that parts of two versions are never mixed. */
function stateOf({ chunks }: DocumentToRead): string {
  return hash(JSON.stringify(chunks), 10);
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, length);
}
