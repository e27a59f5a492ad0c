import type { Outline, TitledPart } from "#shared/markdown/page-content.ts";

/**
 * Marks that the printer leaves in the Markdown for what Markdown cannot express: which part has which title, which rows of a
 * table name its columns. They are control characters, which no body contains by then, and are removed from the result.
 */
export const MARKS = {
  partStart: "\u0001",
  titleEnd: "\u0002",
  partEnd: "\u0003",
  /** At the end of a further header row: Markdown has only one. */
  headerRow: "\u0004",
  /** At the end of a row that is the title of the rows below it. */
  sectionRow: "\u0005",
} as const;

// oxlint-disable-next-line no-control-regex -- they are the marks
const MARK = /[\u0001-\u0005]/g;

/** Removes the marks from a Markdown text. */
export function takeMarks(marked: string): { markdown: string; outline: Outline } {
  const parts: TitledPart[] = [];
  const headerRows: number[] = [];
  const sectionRows: number[] = [];
  const open: TitledPart[] = [];
  const pieces: string[] = [];
  let length = 0;
  let position = 0;
  for (const { 0: mark, index } of marked.matchAll(MARK)) {
    pieces.push(marked.slice(position, index));
    length += index - position;
    position = index + 1;
    const last = open.at(-1);
    if (mark === MARKS.partStart) {
      const part = { from: length, titleEnd: length, to: length };
      parts.push(part);
      open.push(part);
    } else if (mark === MARKS.titleEnd && last) last.titleEnd = length;
    else if (mark === MARKS.partEnd && last) {
      last.to = length;
      open.pop();
    } else if (mark === MARKS.headerRow) headerRows.push(length);
    else if (mark === MARKS.sectionRow) sectionRows.push(length);
  }
  pieces.push(marked.slice(position));
  return { markdown: pieces.join(""), outline: { parts, headerRows, sectionRows } };
}
