import { decodeHTMLStrict } from "entities";

/**
 * What a renderer would not show as text: escapes, code delimiters, addresses of links, images, HTML tags and
 * entities, emphasis. The order matters: the first match at a position decides.
 */
const SYNTAX =
  /\\([!-/:-@[-`{-~])|(?:(?<!`)|(?<=\\`))(`+)(?!`)([^`]|[^`][^\n]*?[^`])\2(?!`)|!\[(?:\\.|[^[\]\\\n]){0,4000}\]\((?:[^()\s]|\([^()\s]*\)){0,70000}\)|\]\((?:[^()\s]|\([^()\s]*\)){0,70000}\)|<(https?:[^<>\s]*)>|<\/?(?:sup|sub|code|del)>|<[a-zA-Z/!?][^<>\n]*>|&(?:#\d+|\w+);|[[\]]|\*+|~~/g;

/** The mark of a fence, after the marks of the quotes and list items around it. */
const FENCE = /^[\s>]*(?:(?:[-*+]|\d+[.)])(?= )[\s>]*)*(`{3,})(?=[^`]*$)/;

/** A longer line is read in pieces; at worst, a word at a split is reported as lost although it is not. */
const PIECE_LENGTH = 100_000;
const MAY_HOLD_SYNTAX = /[\\`![\]<&*~]/;

const MAX_FENCE_LINE = 5000;

/** The text that rendered Markdown shows, roughly, line by line: enough to count words in, in linear time. */
export function* textOfMarkdown(markdown: string): Generator<string> {
  let fence = "";
  for (let start = 0; start < markdown.length;) {
    const feed = markdown.indexOf("\n", start);
    const line = markdown.slice(start, feed === -1 ? markdown.length : feed);
    start = feed === -1 ? markdown.length : feed + 1;
    const run = line.length <= MAX_FENCE_LINE && line.includes("```") ? FENCE.exec(line)?.[1] : undefined;
    if (fence === "" && run !== undefined) fence = run;
    else if (
      fence !== "" &&
      run !== undefined &&
      run.length >= fence.length &&
      line.trimEnd().endsWith(run)
    ) {
      fence = "";
    } else if (fence !== "" || !MAY_HOLD_SYNTAX.test(line)) yield line;
    else for (const piece of pieces(line)) yield textOfProse(piece);
  }
}

/** A line in pieces that end at spaces, or else at punctuation; never within a word. */
function* pieces(line: string): Generator<string> {
  let start = 0;
  for (let limit = PIECE_LENGTH; limit < line.length; limit += PIECE_LENGTH) {
    const space = line.lastIndexOf(" ", limit);
    let end = space > start ? space : limit;
    while (end > limit - PIECE_LENGTH && mayBeWord(line.charCodeAt(end))) end--;
    if (end <= start || mayBeWord(line.charCodeAt(end))) continue;
    yield line.slice(start, end);
    start = end;
  }
  yield line.slice(start);
}

function mayBeWord(code: number): boolean {
  return code >= 0x80 || (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
}

/** Whether code has a space at each end that is not shown. */
function isPadded(code: string): boolean {
  return code.startsWith(" ") && code.endsWith(" ") && /[^ ]/.test(code);
}

function textOfProse(prose: string): string {
  const parts: string[] = [];
  /** Positions in `parts` of brackets that may open a link; a link is part of the word around it. */
  const brackets: number[] = [];
  let position = 0;
  for (const match of prose.matchAll(SYNTAX)) {
    const [mark, escaped, , code, address] = match;
    parts.push(prose.slice(position, match.index));
    position = match.index + mark.length;
    if (escaped !== undefined) parts.push(escaped);
    else if (code !== undefined) parts.push(isPadded(code) ? code.slice(1, -1) : code);
    else if (address !== undefined) parts.push(address);
    else if (mark === "[") brackets.push(parts.push(" ") - 1);
    else if (mark.startsWith("]")) {
      const opening = brackets.pop();
      if (mark !== "]" && opening !== undefined) parts[opening] = "";
      else parts.push(" ");
    } else if (mark.startsWith("&")) parts.push(decodeHTMLStrict(mark));
    else if (mark.startsWith("!") || (mark.startsWith("<") && !/^<\/?(?:su[bp]|code|del)>$/.test(mark)))
      parts.push(" ");
  }
  parts.push(prose.slice(position));
  return parts.join("");
}
