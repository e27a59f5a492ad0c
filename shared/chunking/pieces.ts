import type { Outline, TitledPart } from "#shared/markdown/page-content.ts";
import { type Block, blockTree, type Leaf } from "./block-tree.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { plainTitle } from "./plain-title.ts";

/** A block as an element of a chunk. */
export type LeafPiece = {
  kind: "leaf";
  leaf: Leaf;
  from: number;
  to: number;
  tokens: number;
  /** Whether it is the title of what follows: a heading, the title of an expand, the text of an item above a list. */
  isTitle: boolean;
};
/** A group of pieces: what is below a heading, in a quote, in an item of a list, in an expand. */
export type Group = {
  kind: "group";
  from: number;
  to: number;
  tokens: number;
  /** Its title; empty if it has none. */
  title: string;
  /** Below a heading. */
  isSection: boolean;
  children: [Piece, ...Piece[]];
};
export type Piece = LeafPiece | Group;

const TASK_BOX = /^\[[ x]\] /;

/** A paragraph that is all bold is a title of what follows. */
const BOLD_PARAGRAPH = /^\*\*(?:[^*\n]|\*(?!\*)){1,200}\*\*:?$/;
const MAX_BOLD = 205;

/** The text of an item of a list, as the title of what is below it. */
const MAX_ITEM_TITLE = 120;

/** Reads a document into pieces with the groups that they belong to. */
export function readPieces(markdown: string, outline: Outline): Piece[] {
  return new PieceReader(markdown, outline).read(blockTree(markdown));
}

class PieceReader {
  readonly #markdown: string;
  /** Parts by where the line begins that they begin on. */
  readonly #parts = new Map<number, TitledPart[]>();

  constructor(markdown: string, { parts }: Outline) {
    this.#markdown = markdown;
    let line = 0;
    let end = markdown.indexOf("\n");
    for (const part of parts) {
      for (; end !== -1 && end < part.from; end = markdown.indexOf("\n", line)) line = end + 1;
      const onLine = this.#parts.get(line);
      if (onLine) onLine.push(part);
      else this.#parts.set(line, [part]);
    }
  }

  read(blocks: readonly Block[]): Piece[] {
    const pieces = blocks.flatMap((block, index) => this.#pieces(block, blocks[index + 1]));
    return inSections(this.#inParts(pieces), this.#markdown);
  }

  #pieces(block: Block, next: Block | undefined): Piece[] {
    if (block.kind === "quote") return grouped(this.read(block.children));
    if (block.kind !== "list") return [this.#leaf(block, next)];
    return grouped(block.children.flatMap(({ children }) => this.#item(this.read(children))));
  }

  #leaf(leaf: Leaf, next: Block | undefined): LeafPiece {
    const { from, to } = leaf;
    const titled =
      this.#parts
        .get(from)
        ?.some((part) => part.from < part.titleEnd && part.titleEnd <= to && part.to > to) ?? false;
    return {
      kind: "leaf",
      leaf,
      from,
      to,
      tokens: estimateTokens(this.#markdown.slice(from, to)),
      isTitle: titled || leaf.kind === "heading" || leaf.kind === "alert" || this.#leadsTo(leaf, next),
    };
  }

  /** Whether a paragraph only introduces the block below it: in bold, or with a colon above a list, a table, code. */
  #leadsTo({ kind, textFrom, to }: Leaf, next: Block | undefined): boolean {
    if (kind !== "prose" || !next || next.kind === "heading") return false;
    const end = this.#markdown.slice(Math.max(textFrom, to - 3), to);
    if (/[:：]\**$/.test(end) && next.kind !== "prose") return true;
    return to - textFrom <= MAX_BOLD && BOLD_PARAGRAPH.test(this.#markdown.slice(textFrom, to));
  }

  /** An item with further blocks is a group below its text. */
  #item(children: Piece[]): Piece[] {
    const [first, ...others] = children;
    if (first?.kind !== "leaf" || first.leaf.kind !== "prose" || others.length === 0)
      return grouped(children);
    const text = this.#markdown.slice(first.leaf.textFrom, first.to).replace(TASK_BOX, "");
    const title = plainTitle(text, MAX_ITEM_TITLE);
    return grouped([{ ...first, isTitle: true }, ...others], title);
  }

  /** Puts the pieces of each titled part into a group. */
  #inParts(pieces: readonly Piece[]): Piece[] {
    if (this.#parts.size === 0) return [...pieces];
    const found: Piece[] = [];
    for (let index = 0; index < pieces.length;) {
      const piece = pieces[index];
      if (!piece) break;
      const part = this.#partOf(piece);
      const partEnd = part?.to ?? 0;
      let end = index + 1;
      while (end < pieces.length && (pieces[end]?.to ?? Infinity) <= partEnd) end++;
      const inPart = pieces.slice(index, end);
      index = end;
      if (!part) {
        found.push(...inPart);
        continue;
      }
      const title = plainTitle(this.#markdown.slice(part.from, part.titleEnd));
      const inside = inSections(this.#inParts(inPart), this.#markdown);
      found.push(...(title === "" ? inside : grouped(inside, title)));
    }
    return found;
  }

  /** The outermost part that begins with this piece and was not used yet. */
  #partOf(piece: Piece): TitledPart | undefined {
    const parts = this.#parts.get(piece.from);
    const index = parts?.findIndex((part) => part.to >= piece.to) ?? -1;
    return index === -1 ? undefined : parts?.splice(index, 1)[0];
  }
}

/** The pieces as one group; none if there are no pieces. */
function grouped(pieces: readonly Piece[], title = "", isSection = false): Group[] {
  const [first, ...others] = pieces;
  if (!first) return [];
  const { to } = pieces.at(-1) ?? first;
  const tokens = pieces.reduce((sum, piece) => sum + piece.tokens, 0);
  return [{ kind: "group", from: first.from, to, tokens, title, isSection, children: [first, ...others] }];
}

/** Orders pieces into the sections that the headings among them make. */
function inSections(pieces: readonly Piece[], markdown: string): Piece[] {
  const root: Piece[] = [];
  const open: { level: number; children: Piece[]; heading: LeafPiece }[] = [];
  const close = (level: number): void => {
    for (let last = open.at(-1); last && last.level >= level; last = open.at(-1)) {
      open.pop();
      const { heading, children } = last;
      const text = markdown.slice(heading.leaf.textFrom, heading.to).replace(HEADING_MARKS, "");
      (open.at(-1)?.children ?? root).push(...grouped(children, plainTitle(text), true));
    }
  };
  for (const piece of pieces) {
    if (piece.kind === "leaf" && piece.leaf.kind === "heading") {
      close(piece.leaf.level);
      open.push({ level: piece.leaf.level, children: [piece], heading: piece });
    } else (open.at(-1)?.children ?? root).push(piece);
  }
  close(0);
  return root;
}

/** Marks before and after the text of a heading, and the line below it. */
const HEADING_MARKS = /^ {0,3}#{1,6}[ \t]*|(?<![ \t])[ \t]+#+[ \t]*$|\n[^\n]*$/g;
