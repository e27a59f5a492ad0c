import { decodeHTMLStrict } from "entities";

const WORD = /[\p{L}\p{N}]+/gu;

/** Words that the page shows more often than the Markdown does, in the page's order. */
export function lostWords(shown: string, markdown: string): string[] {
  const available = new Map<string, number>();
  for (const word of textOfMarkdown(markdown).match(WORD) ?? []) {
    available.set(word, (available.get(word) ?? 0) + 1);
  }
  const lost: string[] = [];
  for (const word of shown.match(WORD) ?? []) {
    const count = available.get(word) ?? 0;
    if (count > 0) available.set(word, count - 1);
    else lost.push(word);
  }
  return lost;
}

/**
 * Everything that a renderer would not show as text: escapes, code delimiters, addresses of links, images, HTML tags and
 * entities, emphasis. In this order, because the first that matches at a place decides.
 */
const SYNTAX =
  /\\([!-/:-@[-`{-~])|(`+)([^`]|[^`][^\n]*?[^`])\2(?!`)|!\[(?:\\.|[^\]\\\n])*\]\([^\s)]*\)|\]\((?:[^()\s]|\([^()\s]*\))*\)|<(https?:[^>\s]*)>|<\/?(?:sup|sub|code)>|<[a-zA-Z/!?][^<>\n]*>|&(?:#\d+|\w+);|[[\]]|\*+|~~/g;

/** The mark of a fence, behind the marks of the quotes and list items that it stands in. */
const FENCE = /^[\s>]*(?:(?:[-*+]|\d+[.)])(?= )[\s>]*)*(`{3,})(?=[^`]*$)/;

/** The text that rendered Markdown shows, roughly: enough to count words in, in linear time. */
export function textOfMarkdown(markdown: string): string {
  const parts: string[] = [];
  let fence = "";
  let prose: string[] = [];
  const flush = (): void => {
    if (prose.length > 0) parts.push(textOfProse(prose.join("\n")));
    prose = [];
  };
  for (const line of markdown.split("\n")) {
    const run = line.includes("```") ? FENCE.exec(line)?.[1] : undefined;
    if (fence === "" && run !== undefined) {
      flush();
      fence = run;
    } else if (
      fence !== "" &&
      run !== undefined &&
      run.length >= fence.length &&
      line.trimEnd().endsWith(run)
    ) {
      fence = "";
    } else if (fence === "") prose.push(line);
    else parts.push(line);
  }
  flush();
  return parts.join("\n");
}

function textOfProse(prose: string): string {
  const parts: string[] = [];
  /** Places in `parts` of brackets that may turn out to open a link; a link is part of the word that it stands in. */
  const brackets: number[] = [];
  let position = 0;
  for (const match of prose.matchAll(SYNTAX)) {
    const [mark, escaped, , code, address] = match;
    parts.push(prose.slice(position, match.index));
    position = match.index + mark.length;
    if (escaped !== undefined) parts.push(escaped);
    else if (code !== undefined) parts.push(/^ .*[^ ].* $/.test(code) ? code.slice(1, -1) : code);
    else if (address !== undefined) parts.push(address);
    else if (mark === "[") brackets.push(parts.push(" ") - 1);
    else if (mark.startsWith("]")) {
      const opening = brackets.pop();
      if (mark !== "]" && opening !== undefined) parts[opening] = "";
      else parts.push(" ");
    } else if (mark.startsWith("&")) parts.push(decodeHTMLStrict(mark));
    else if (mark.startsWith("!") || (mark.startsWith("<") && !/^<\/?(?:su[bp]|code)>$/.test(mark)))
      parts.push(" ");
  }
  parts.push(prose.slice(position));
  return parts.join("");
}
