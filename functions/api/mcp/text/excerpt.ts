import { budgetTokens, cutToBudget } from "./token-budget.ts";

const ELLIPSIS = "… ";
/** Of an excerpt: what is before the match. */
const BEFORE = 1 / 3;

/**
 * The part of a text that takes at most so many tokens and begins somewhat before what matched, at a line; the whole text if it fits.
 * `snippet`: as searches return it, with `<mark>` around matches; without a match it is the text's beginning.
 */
export function excerpt(text: string, snippet: string, tokens: number): string {
  if (budgetTokens(text) <= tokens) return text;
  const inside = tokens - budgetTokens(ELLIPSIS);
  const match = positionOf(text, snippet);
  let start = match;
  for (const line of lineStarts(text, match).reverse()) {
    const fitsBefore = budgetTokens(text.slice(line, match)) <= inside * BEFORE;
    if (!fitsBefore && budgetTokens(text.slice(line)) > inside) break;
    start = line;
  }
  if (start === 0) return cutToBudget(text, tokens);
  const cut = cutToBudget(text.slice(start), inside);
  return cut === "" ? "" : ELLIPSIS + cut;
}

/** Offsets of the lines that begin at or before `until`. */
function lineStarts(text: string, until: number): number[] {
  const breaks = Array.from(text.slice(0, until).matchAll(/\n/g), ({ index }) => index + 1);
  return [0, ...breaks];
}

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

/** Where the first match of the snippet is in its text: by what is around it, else by itself. */
function positionOf(text: string, snippet: string): number {
  const plain = (html: string) =>
    html
      .replaceAll(/<\/?mark>/g, "")
      .replaceAll(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity);
  const found = /(.{0,20})<mark>(.*?)<\/mark>/s.exec(snippet);
  if (!found) return 0;
  const [, before = "", match = ""] = found;
  const around = text.indexOf(plain(before + match));
  if (around !== -1) return around + plain(before).length;
  return Math.max(0, text.indexOf(plain(match)));
}
