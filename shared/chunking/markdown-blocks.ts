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
  let fence: Fence | null = null;
  let isAfterEmptyLine = false;
  for (const { from, to, text } of lines(markdown)) {
    if (fence === null && text.trim() === "") {
      isAfterEmptyLine = true;
      continue;
    }
    const continues: boolean =
      fence !== null || (current !== null && (!isAfterEmptyLine || (isList && continuesList(text))));
    const heading: RegExpExecArray | null = fence === null ? HEADING.exec(text) : null;
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
    if (fence === null) fence = openedFence(text);
    else if (closesFence(fence, text)) fence = null;
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

/** A fence that is open: its marks, and in how many quotes it stands. */
export type Fence = { mark: string; opening: string; closing: string; quotes: number };

/** No line that opens a fence is longer; a longer one is code, or prose about code. */
const MAX_FENCE_LINE = 5000;

/** The fence that opens on this line; null when it is none. */
export function openedFence(text: string): Fence | null {
  if (text.length > MAX_FENCE_LINE || (!text.includes("```") && !text.includes("~~~"))) return null;
  const found = /^([\s>]*(?:(?:[-*+]|\d{1,9}[.)])(?=[ \t])[ \t>]*)*)(`{3,}(?=[^`]*$)|~{3,})/.exec(text);
  if (!found) return null;
  const [, before = "", mark = ""] = found;
  // Inside a list item or quote, further lines begin with the quote's marks and the item's indentation.
  const indent = before.replace(/[^\s>]/g, " ");
  return {
    mark,
    opening: indent + text.slice(before.length),
    closing: indent + mark,
    quotes: before.split(">").length - 1,
  };
}

/** Whether the line ends the fence: a mark at least as long, alone, in as many quotes (in others it is code). */
export function closesFence(fence: Fence, text: string): boolean {
  if (text.length > MAX_FENCE_LINE || !text.includes(fence.mark)) return false;
  const [, before = "", mark = ""] = /^([\s>]*)(\S+)\s*$/.exec(text) ?? [];
  const isMark = mark.startsWith(fence.mark) && mark === fence.mark.charAt(0).repeat(mark.length);
  return isMark && before.split(">").length - 1 === fence.quotes;
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
