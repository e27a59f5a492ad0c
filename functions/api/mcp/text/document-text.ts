import type { z } from "zod";
import type { documentPart } from "#functions/api/mcp/tools/document-part.ts";
import {
  cleanAddress,
  cleanLine,
  cleanText,
  MAX_LINE_TOKENS,
  MAX_PATH_TOKENS,
  pathTitles,
  preface,
  quote,
} from "./passage.ts";
import { budgetTokens, firstWithin } from "./token-budget.ts";

export type DocumentPart = z.input<typeof documentPart>;

const MAX_TITLE = 120;
const MAX_LABELS = 10;
/** A smaller part has shorter titles. */
const TOKENS_OF_WHOLE_TITLES = 1500;

/** The part, of at most so many tokens, with nothing in it that is not shown, or that would take the place of the text. */
export function cleanPart(part: DocumentPart, maxTokens: number): DocumentPart {
  const share = Math.min(1, maxTokens / TOKENS_OF_WHOLE_TITLES);
  const tokens = MAX_LINE_TOKENS * share;
  const line = (text: string) => cleanLine(text, MAX_TITLE, tokens);
  return {
    ...part,
    title: line(part.title),
    url: cleanAddress(part.url),
    space: line(part.space),
    breadcrumb: pathTitles(part.breadcrumb, MAX_PATH_TOKENS * share),
    labels: firstWithin(part.labels.slice(0, MAX_LABELS).map(line), tokens, textTokens),
    section: part.section === null ? null : line(part.section),
    outline: part.outline.map((entry) => ({ ...entry, heading: line(entry.heading) })),
    files: part.files.map((file) => ({ ...file, title: line(file.title) })),
    markdown: cleanText(part.markdown),
  };
}

/** A part as a model reads it: the document between the lines that mark it as quoted, and below them how to go on. */
export function documentText(part: DocumentPart, marker: string): string {
  const { section, labels, modified_at: modifiedAt } = part;
  return [
    preface(marker),
    quote(marker, [
      `Title: ${part.kind === "comments" ? "Comments on " : ""}${part.title}`,
      `In: ${[`Space ${part.space}`, ...part.breadcrumb].join(" › ")}`,
      section === null ? null : `Section: ${section}`,
      labels.length === 0 ? null : `Labels: ${labels.join(", ")}`,
      `URL: ${part.url}`,
      `Modified: ${modifiedAt === null ? "unknown" : modifiedAt.slice(0, 10)} (version ${part.version})`,
      ...outlineLines(part),
      ...fileLines(part),
      "",
      part.markdown === "" ? "(no text)" : part.markdown,
    ]),
    ...notes(part),
  ].join("\n");
}

/** The tokens of a part beside its text, in the form that takes more. */
export function overheadTokens(part: DocumentPart, marker: string): number {
  return Math.max(budgetTokens(documentText(part, marker)), budgetTokens(JSON.stringify(part)));
}

/** The tokens of a part's text, in the form that takes more. */
export function textTokens(text: string): number {
  return Math.max(budgetTokens(text), budgetTokens(JSON.stringify(text)));
}

function outlineLines({ outline, outline_omitted: omitted }: DocumentPart): string[] {
  if (outline.length === 0) return [];
  const top = Math.min(...outline.map(({ level }) => level));
  return [
    "Outline, with tokens:",
    ...outline.map(({ heading, level, tokens }) => `${"  ".repeat(level - top)}- ${heading} (${tokens})`),
    ...(omitted === 0 ? [] : [`- and ${omitted} more`]),
  ];
}

function fileLines({ files, file_count: count }: DocumentPart): string[] {
  if (count === 0) return [];
  return [
    "Files, by page_id:",
    ...files.map(fileLine),
    ...(count === files.length ? [] : [`- and ${count - files.length} more`]),
  ];
}

function fileLine({ page_id: id, title, has_text: hasText }: DocumentPart["files"][number]): string {
  return `- ${id}: ${title}${hasText ? "" : " (no text)"}`;
}

/** The tokens that a file takes, in the form that takes more. */
export function fileTokens(file: DocumentPart["files"][number]): number {
  return Math.max(budgetTokens(fileLine(file)), budgetTokens(JSON.stringify(file)));
}

/** What the tool itself says: nothing in it is from a page. */
function notes(part: DocumentPart): string[] {
  const { comments, section_count: sections, next_cursor: next } = part;
  const lines = [
    part.changed ? "The page was changed since that cursor was returned: this is its beginning again." : null,
    sections > 1
      ? `${sections} sections have this heading, and this is the first: send \`Parent › Heading\` for another.`
      : null,
    comments === null
      ? null
      : `It has comments in ${comments.threads} ${comments.threads === 1 ? "thread" : "threads"}: read ${comments.page_id}.`,
    part.on_page_id === null ? null : `It is on page ${part.on_page_id}.`,
    next === null
      ? `End of ${part.section === null ? part.page_id : "the section"}.`
      : `Not the end. Read on with page ${part.page_id} and cursor ${next}`,
  ];
  return lines.filter((line) => line !== null);
}
