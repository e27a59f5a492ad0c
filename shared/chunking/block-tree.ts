import { closesFence, type Fence, openedFence } from "./fences.ts";
import { type Container, type Line, lineAfter, linesOf, type LineSource, QUOTE_MARK } from "./lines.ts";

/** A block without child blocks: whole lines of the document. */
export type Leaf = {
  kind: "heading" | "prose" | "table" | "code" | "alert";
  from: number;
  to: number;
  /** Where the text of its first line begins, behind the marks of quotes and items. */
  textFrom: number;
  container: Container | null;
  /** Of a heading: 1 to 6. */
  level: number;
  /** Of code: its fence. */
  fence: Fence | null;
  /** Of code: whether its fence ends. */
  isClosed?: true;
};
export type Item = { kind: "item"; children: Block[] };
export type Block = Leaf | { kind: "quote"; children: Block[] } | { kind: "list"; children: Item[] };

const HEADING = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?: {1,4}(?! )|(?= {5}) |\t|$)/;
const RULE = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/;
/** GFM's mark of an alert: the first line of a quote. */
const ALERT = /^\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$/;
const TABLE = /^ *\|/;

/** Deeper containers are read as prose: real pages have none. */
const MAX_DEPTH = 40;

/** Reads a Markdown document into its blocks (CommonMark and GFM tables, as far as splitting needs them). */
export function blockTree(markdown: string): Block[] {
  return readBlocks(linesOf(markdown), null, 0);
}

function readBlocks(lines: LineSource, container: Container | null, depth: number): Block[] {
  const blocks: Block[] = [];
  for (;;) {
    while (lines.peek()?.text.trim() === "") lines.advance();
    const line = lines.peek();
    if (!line) return blocks;
    blocks.push(readBlock(line, lines, container, depth));
  }
}

function readBlock(line: Line, lines: LineSource, container: Container | null, depth: number): Block {
  const { text } = line;
  const leaf: Leaf = {
    kind: "prose",
    from: line.from,
    to: line.to,
    textFrom: line.textFrom,
    container,
    level: 0,
    fence: null,
  };
  const fence = openedFence(text);
  if (fence) return code({ ...leaf, kind: "code", fence }, lines);
  const heading = HEADING.exec(text)?.[1];
  if (heading !== undefined) {
    lines.advance();
    return { ...leaf, kind: "heading", level: heading.length };
  }
  if (depth < MAX_DEPTH) {
    if (QUOTE_MARK.test(text)) return quote(lines, container, depth);
    if (ITEM.test(text) && !RULE.test(text)) return list(lines, container, depth);
  }
  return TABLE.test(text) ? table({ ...leaf, kind: "table" }, lines) : prose(leaf, lines);
}

function code(leaf: Leaf, lines: LineSource): Leaf {
  let { to } = leaf;
  lines.advance();
  for (let line = lines.peek(); line; line = lines.peek()) {
    ({ to } = line);
    lines.advance();
    if (leaf.fence && closesFence(leaf.fence, line.text)) return { ...leaf, to, isClosed: true };
  }
  return { ...leaf, to };
}

function table(leaf: Leaf, lines: LineSource): Leaf {
  let { to } = leaf;
  for (let line = lines.peek(); line && TABLE.test(line.text); line = lines.peek()) {
    ({ to } = line);
    lines.advance();
  }
  return { ...leaf, to };
}

function prose(leaf: Leaf, lines: LineSource): Leaf {
  let { to } = leaf;
  lines.advance();
  for (let line = lines.peek(); line && line.text.trim() !== ""; line = lines.peek()) {
    const underline = UNDERLINE.exec(line.text)?.[1];
    if (underline === undefined && interruptsParagraph(line.text)) break;
    ({ to } = line);
    lines.advance();
    if (underline !== undefined)
      return { ...leaf, to, kind: "heading", level: underline.includes("=") ? 1 : 2 };
  }
  return { ...leaf, to };
}

function quote(lines: LineSource, around: Container | null, depth: number): Block {
  const container: Container = { around, indent: 0 };
  const inside = mapped(lines, (line) => {
    const mark = QUOTE_MARK.exec(line.text);
    return mark ? lineAfter(line, mark[0].length) : null;
  });
  const first = inside.peek();
  const children: Block[] = [];
  if (first && ALERT.test(first.text)) {
    inside.advance();
    const { from, to, textFrom } = first;
    container.alert = first.text.trim();
    children.push({ kind: "alert", from, to, textFrom, container, level: 0, fence: null });
  }
  children.push(...readBlocks(inside, container, depth + 1));
  return { kind: "quote", children };
}

function list(lines: LineSource, around: Container | null, depth: number): Block {
  const children: Item[] = [];
  for (;;) {
    const line = lines.peek();
    const mark = line && !RULE.test(line.text) ? ITEM.exec(line.text) : null;
    if (!mark) return { kind: "list", children };
    const indent = mark[0].length;
    const container = { around, indent };
    children.push({ kind: "item", children: readBlocks(itemLines(lines, indent), container, depth + 1) });
  }
}

/** The lines of an item: those at its text, empty ones between them, and a paragraph that continues at the margin. */
function itemLines(lines: LineSource, indent: number): LineSource {
  const indentation = " ".repeat(indent);
  /** The text of the line before; null at the first. */
  let before: string | null = null;
  return mapped(
    lines,
    (line) => {
      if (before === null || line.text.startsWith(indentation)) return lineAfter(line, indent);
      if (line.text.trim() === "") return { ...line, text: "" };
      return before === "" || startsBlock(line.text) ? null : line;
    },
    (line) => {
      before = line.text;
    },
  );
}

/** Lines as `inside` reads them, up to the first that it rejects. */
function mapped(
  lines: LineSource,
  inside: (line: Line) => Line | null,
  taken: (line: Line) => void = () => {},
): LineSource {
  let known: { outer: Line; inner: Line | null } | null = null;
  const peek = (): Line | null => {
    const outer = lines.peek();
    if (!outer) return null;
    if (known?.outer !== outer) known = { outer, inner: inside(outer) };
    return known.inner;
  };
  return {
    peek,
    advance: () => {
      const line = peek();
      if (!line) return;
      taken(line);
      lines.advance();
    },
  };
}

function startsBlock(text: string): boolean {
  return (
    ITEM.test(text) ||
    HEADING.test(text) ||
    QUOTE_MARK.test(text) ||
    TABLE.test(text) ||
    openedFence(text) !== null
  );
}

function interruptsParagraph(text: string): boolean {
  const item = ITEM.exec(text);
  if (item && text.length > item[0].length && /^1?\D/.test(item[2] ?? "")) return true;
  return HEADING.test(text) || QUOTE_MARK.test(text) || RULE.test(text) || openedFence(text) !== null;
}
