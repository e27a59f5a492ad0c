/** A part of a Markdown document: `from` to `to` (exclusive), without the empty lines around it. */
export type Block = { from: number; to: number; headingLevel: number; heading: string };

/** Only headings at the margin structure a page; one inside a list or quote belongs to it. */
const HEADING = /^(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
/** Longer headings are prose that somebody formatted: as part of a path they would drown the chunk. */
const MAX_HEADING_LENGTH = 200;

/** Enough for the longest heading with links in it. */
const MAX_HEADING_MARKDOWN = 20_000;

/** Cuts a document into its blocks: headings, and what stands between empty lines, with fences and lists kept whole. */
export function markdownBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let current: Block | null = null;
  let isList = false;
  let fence = "";
  let isAfterEmptyLine = false;
  for (const { from, to, text } of lines(markdown)) {
    if (fence === "" && text.trim() === "") {
      isAfterEmptyLine = true;
      continue;
    }
    const mark = fenceMark(text);
    const continues: boolean =
      fence !== "" || (current !== null && (!isAfterEmptyLine || (isList && continuesList(text))));
    const heading: RegExpExecArray | null = fence === "" ? HEADING.exec(text) : null;
    if (heading) {
      blocks.push({
        from,
        to,
        headingLevel: heading[1]?.length ?? 1,
        heading: headingText(heading[2] ?? ""),
      });
      current = null;
      isList = false;
    } else if (continues && current) {
      current.to = to;
    } else {
      current = { from, to, headingLevel: 0, heading: "" };
      isList = isListItem(text);
      blocks.push(current);
    }
    if (fence === "" && mark) fence = mark;
    else if (fence !== "" && mark.startsWith(fence) && text.trim() === mark) fence = "";
    isAfterEmptyLine = false;
  }
  return blocks;
}

export type Line = { from: number; to: number; text: string };

/** Lines with their place in the text, without their line feeds. */
export function* lines(text: string, from = 0, to = text.length): Generator<Line> {
  let start = from;
  while (start < to) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 || feed > to ? to : feed;
    yield { from: start, to: end, text: text.slice(start, end) };
    start = end + 1;
  }
}

/** No line that opens a fence is longer; a longer one is code, or prose about code. */
const MAX_FENCE_LINE = 5000;

/** The backticks or tildes that open or close a fence on this line; empty when it is none. */
export function fenceMark(text: string): string {
  if (text.length > MAX_FENCE_LINE || (!text.includes("```") && !text.includes("~~~"))) return "";
  return /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])(?=[ \t])[ \t>]*)*(`{3,}(?=[^`]*$)|~{3,})/.exec(text)?.[1] ?? "";
}

function isListItem(text: string): boolean {
  return /^(?:[-*+]|\d{1,9}[.)])(?:\s|$)/.test(text);
}

function continuesList(text: string): boolean {
  return /^\s/.test(text) || isListItem(text);
}

/** A heading's text as a reader sees it. */
function headingText(markdown: string): string {
  const text = markdown
    .slice(0, MAX_HEADING_MARKDOWN)
    .replace(/!\[((?:\\.|[^\]\\])*)\]\([^)\s]*\)/g, "$1")
    .replace(/\[((?:\\.|[^\]\\])*)\]\((?:[^()\s]|\([^()\s]*\))*\)/g, "$1")
    .replace(/<(https?:[^>\s]*)>/g, "$1")
    .replace(/<\/?[a-zA-Z][^>]*>/g, "")
    .replace(/(?<!\\)(?:\*{1,3}|~~|`+)/g, "")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1")
    .trim();
  return text.length > MAX_HEADING_LENGTH ? `${text.slice(0, MAX_HEADING_LENGTH).toWellFormed()}…` : text;
}
