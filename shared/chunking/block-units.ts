import { estimateTokens } from "./estimate-tokens.ts";
import { type Block, fenceMark, type Line, lines } from "./markdown-blocks.ts";

/** The smallest parts that a chunk may begin or end with. */
export type Unit = {
  from: number;
  to: number;
  tokens: number;
  /** What a chunk that begins with this unit needs above it: the header of its table, the opening of its fence. */
  before: string;
  /** What a chunk that ends with this unit needs below it: the end of its fence. */
  after: string;
};

const TABLE_ROW = /^[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?\|/;
const DELIMITER_ROW = /^[\s>]*\|(?:\s*:?-+:?\s*\|)+\s*$/;
/** What must stay in one piece: links, images, code, tags, addresses. */
const ATOM =
  /!?\[(?:\\.|[^[\]\\]|!\[(?:\\.|[^[\]\\])*\]\([^()\s]*\))*\]\((?:[^()\s]|\([^()\s]*\))*\)|(`+)(?:[^`]|[^`].{0,2000}?[^`])\1(?!`)|<[a-zA-Z/][^<>]*>|\\./g;
const SENTENCE_END = /[.!?…]["'”’)\]*_]*(?=\s)|[。！？]["'”’）」]*/g;

/** Cuts a block where it may be cut: between lines, rows of a table, lines of code, sentences longer lines consist of. */
export function blockUnits(markdown: string, block: Block, targetTokens: number): Unit[] {
  const units: Unit[] = [];
  let fence: { opening: string; closing: string; mark: string } | null = null;
  let header: string[] = [];
  let headerRows = "";
  const all = [...lines(markdown, block.from, block.to)];
  for (const [index, line] of all.entries()) {
    const mark = fenceMark(line.text);
    if (fence) {
      const isEnd = mark.startsWith(fence.mark) && line.text.replace(/^[\s>]+/, "").trim() === mark;
      const last = units.at(-1);
      if (isEnd && last) {
        last.to = line.to;
        last.tokens += 1;
        last.after = "";
        fence = null;
      } else units.push(unit(line, `${fence.opening}\n`, `\n${fence.closing}`, markdown));
      continue;
    }
    if (mark) {
      const indent = continuation(line.text.slice(0, line.text.indexOf(mark)));
      fence = {
        mark,
        opening: indent + line.text.slice(line.text.indexOf(mark)),
        closing: indent + mark,
      };
      units.push(unit(line, "", `\n${fence.closing}`, markdown));
      continue;
    }
    if (TABLE_ROW.test(line.text)) {
      const isHeader = header.length === 0 && DELIMITER_ROW.test(all[index + 1]?.text ?? "");
      if (isHeader || (header.length === 1 && DELIMITER_ROW.test(line.text))) {
        header.push(line.text.trimStart());
        headerRows = header.length === 2 ? `${header.join("\n")}\n` : "";
        const last = units.at(-1);
        // Header, delimiter row and first row are one unit: none says anything without the next.
        if (header.length === 2 && last) extend(last, line, markdown);
        else units.push(unit(line, "", "", markdown));
      } else if (header.length === 2 && DELIMITER_ROW.test(all[index - 1]?.text ?? "") && units.length > 0) {
        extend(units[units.length - 1] as Unit, line, markdown);
      } else {
        units.push(unit(line, headerRows, "", markdown));
      }
      continue;
    }
    header = [];
    headerRows = "";
    if (line.text.trim() === "") continue;
    for (const part of proseUnits(line, markdown, targetTokens)) units.push(part);
  }
  return units;
}

function unit(line: Pick<Line, "from" | "to">, before: string, after: string, markdown: string): Unit {
  return {
    from: line.from,
    to: line.to,
    before,
    after,
    tokens: estimateTokens(markdown.slice(line.from, line.to + 1)),
  };
}

function extend(last: Unit, line: Line, markdown: string): void {
  last.to = line.to;
  last.tokens += estimateTokens(markdown.slice(line.from, line.to + 1));
}

/** What stands before the lines of a fence inside a list item or quote: the quote's marks, the item's indentation. */
function continuation(prefix: string): string {
  return prefix.replace(/[^\s>]/g, " ");
}

/** A line of prose: whole when it fits, else its sentences; a sentence that does not fit, its words. */
function proseUnits(line: Line, markdown: string, targetTokens: number): Unit[] {
  const whole = unit(line, "", "", markdown);
  if (whole.tokens <= targetTokens) return [whole];
  const atoms = [...line.text.matchAll(ATOM)].map(
    (match) => [match.index, match.index + match[0].length] as const,
  );
  const sentences = cut(line, outside(atoms, matchEnds(line.text, SENTENCE_END)));
  return sentences.flatMap((sentence) => {
    const part = unit(sentence, "", "", markdown);
    return part.tokens <= targetTokens ? [part] : wordUnits(sentence, line, atoms, markdown, targetTokens);
  });
}

type Range = Pick<Line, "from" | "to">;

function wordUnits(
  sentence: Range,
  line: Line,
  atoms: readonly (readonly [number, number])[],
  markdown: string,
  targetTokens: number,
): Unit[] {
  const text = markdown.slice(sentence.from, sentence.to);
  const offset = sentence.from - line.from;
  const isInside = insideOf(atoms);
  const ends: number[] = [];
  let start = 0;
  let lastSpace = 0;
  let tokens = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const isSpace = code === 0x20;
    const inside = isInside(index + offset);
    if (isSpace && !inside) lastSpace = index;
    // A quarter token a letter is the least of any script, one and a half the most.
    tokens += code < 0x80 ? 0.3 : 1.5;
    if (tokens < targetTokens || index === text.length - 1) continue;
    const isLowSurrogate = (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    const end = lastSpace > start ? lastSpace : inside || isLowSurrogate ? -1 : index + 1;
    if (end === -1) continue;
    ends.push(end);
    tokens = 0;
    start = end;
    index = end;
  }
  return cut({ from: sentence.from, to: sentence.to }, ends).map((part) => unit(part, "", "", markdown));
}

/** Cuts a range at places relative to its start; white space at the cut belongs to neither side's meaning but stays in front. */
function cut(range: Range, ends: readonly number[]): Range[] {
  const parts: Range[] = [];
  let from = range.from;
  for (const end of ends) {
    const to = range.from + end;
    if (to <= from || to >= range.to) continue;
    parts.push({ from, to });
    from = to;
  }
  parts.push({ from, to: range.to });
  return parts;
}

function matchEnds(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => match.index + match[0].length);
}

function outside(atoms: readonly (readonly [number, number])[], places: readonly number[]): number[] {
  const isInside = insideOf(atoms);
  return places.filter((place) => !isInside(place));
}

/** Whether a place lies within an atom; asked in ascending order. */
function insideOf(atoms: readonly (readonly [number, number])[]): (place: number) => boolean {
  let next = 0;
  return (place) => {
    for (let atom = atoms[next]; atom && atom[1] <= place; atom = atoms[next]) next++;
    const atom = atoms[next];
    return atom !== undefined && atom[0] < place;
  };
}
