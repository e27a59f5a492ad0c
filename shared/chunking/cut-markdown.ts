import type { Outline } from "#shared/markdown/page-content.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { leafUnits } from "./leaf-units.ts";
import { type Container, quotePrefix } from "./lines.ts";
import { type Group, type LeafPiece, type Piece, readPieces } from "./pieces.ts";
import type { Cutting, Unit } from "./unit.ts";

/** A chunk as a range of the document: `before` + the text from `from` to `to` + `after`. */
export type Cut = {
  from: number;
  to: number;
  before: string;
  after: string;
  headingPath: string[];
  /** What the range is in. */
  container: Container | null;
};

/** A section with its subsections is one chunk if it is at most this share of the target. */
const TINY_SHARE = 1 / 4;

/** Titles above a position, and how many groups around it have one. */
type Scope = { path: string[]; depth: number };

/**
 * Splits a document into chunks: by section, then by group, then by block, then inside blocks that are too large. The chunks
 * cover the document in order, except for white space and marks of quotes. The chunks of a section depend only on it and its
 * subsections, so that editing or inserting one does not change the chunks of others.
 */
export function cutMarkdown(markdown: string, targetTokens: number, outline: Outline): Cut[] {
  const packer = new Packer({ markdown, targetTokens, outline });
  const scope = { path: [], depth: 0 };
  for (const piece of readPieces(markdown, outline)) packer.add(piece, scope);
  packer.end();
  return packer.cuts;
}

/** Fills chunks with pieces, each whole where it fits; titles stay with what is below them. */
class Packer {
  readonly cuts: Cut[] = [];
  readonly #cutting: Cutting;
  readonly #target: number;
  /** With the number of titled groups around it, and the titles inside the block that it begins in. */
  #chunk: (Cut & { depth: number; titles: readonly string[] }) | null = null;
  #tokens = 0;
  /** Titles whose content has not been added yet. */
  #titles: LeafPiece[] = [];
  #titleTokens = 0;
  #titleScope: Scope = { path: [], depth: 0 };
  /** All rows of a table have the same header; counting a wide one once saves time. */
  #header = { text: "", tokens: 0 };

  constructor(cutting: Cutting) {
    this.#cutting = cutting;
    this.#target = cutting.targetTokens;
  }

  add(piece: Piece, scope: Scope): void {
    if (piece.kind === "leaf") this.#addLeaf(piece, scope);
    else if (piece.isSection) this.#addSection(piece, scope);
    else this.#addGroup(piece, scope);
  }

  /** Ends the chunk, titles with nothing below them included. */
  end(): void {
    this.#addTitles();
    this.#flush();
  }

  /** Sections are separate chunks. A heading with only headings below it says little: it goes with the first of them. */
  #addSection(section: Group, scope: Scope): void {
    this.#flush();
    const inside = scopeInside(section, scope);
    if (section.tokens <= this.#target * TINY_SHARE)
      this.#place(wholeOf(section), firstLeaf(section), inside);
    else for (const child of section.children) this.add(child, inside);
    this.end();
  }

  /** A group stays whole if it fits in a chunk. A chunk that begins in a larger group ends with the group at the latest. */
  #addGroup(group: Group, scope: Scope): void {
    if (this.#titleTokens + group.tokens <= this.#target) {
      this.#place(wholeOf(group), firstLeaf(group), scope);
      return;
    }
    if (this.#tokens > this.#target * TINY_SHARE) this.#flush();
    const inside = scopeInside(group, scope);
    for (const child of group.children) this.add(child, inside);
    if (inside.depth === scope.depth) return;
    this.#addTitles();
    if (this.#chunk && this.#chunk.depth >= inside.depth) this.#flush();
  }

  #addLeaf(piece: LeafPiece, scope: Scope): void {
    if (piece.isTitle && this.#titleTokens + piece.tokens <= this.#target) {
      this.#titles.push(piece);
      this.#titleTokens += piece.tokens;
      this.#titleScope = scope;
      return;
    }
    if (piece.tokens <= this.#target) {
      this.#place(wholeOf(piece), piece, scope);
      return;
    }
    this.#flush();
    for (const unit of leafUnits(piece.leaf, this.#cutting)) this.#place(unit, piece, scope);
  }

  /** Titles with nothing below them. */
  #addTitles(): void {
    const [first] = this.#titles;
    const last = this.#titles.at(-1);
    if (!first || !last) return;
    const unit = { ...wholeOf(first), to: last.to, tokens: this.#titleTokens };
    this.#titles = [];
    this.#titleTokens = 0;
    this.#place(unit, first, this.#titleScope);
  }

  /** Ends the chunk; pending titles go into the next one. */
  #flush(): void {
    if (this.#chunk) this.cuts.push(this.#chunk);
    this.#chunk = null;
    this.#tokens = 0;
  }

  /** Adds a unit to the chunk, or begins the next one with it and the pending titles. */
  #place(unit: Unit, piece: LeafPiece, scope: Scope): void {
    const size = this.#titleTokens + unit.tokens;
    const leavesTitles = this.#chunk?.titles.some((title, index) => title !== unit.titles[index]) ?? false;
    if (leavesTitles || this.#tokens + size > this.#target) this.#flush();
    if (this.#chunk) {
      this.#chunk.to = unit.to;
      this.#chunk.after = unit.after;
    } else {
      const first = this.#titles[0] ?? piece;
      const isUnit = first === piece;
      const before = alertsAbove(first) + (isUnit ? unit.before : "");
      this.#chunk = {
        from: isUnit ? unit.from : first.from,
        to: unit.to,
        before,
        after: unit.after,
        headingPath: [...scope.path, ...unit.titles],
        container: first.leaf.container,
        depth: scope.depth,
        titles: unit.titles,
      };
      this.#tokens = this.#tokensOf(before);
    }
    this.#tokens += size;
    this.#titles = [];
    this.#titleTokens = 0;
  }

  #tokensOf(text: string): number {
    if (text !== this.#header.text) this.#header = { text, tokens: estimateTokens(text) };
    return this.#header.tokens;
  }
}

function scopeInside({ title }: Group, scope: Scope): Scope {
  return title === "" ? scope : { path: [...scope.path, title], depth: scope.depth + 1 };
}

function wholeOf({ from, to, tokens }: Piece): Unit {
  return { from, to, tokens, before: "", after: "", titles: [] };
}

function firstLeaf(piece: Piece): LeafPiece {
  return piece.kind === "leaf" ? piece : firstLeaf(piece.children[0]);
}

/** The marks of the alerts that a chunk begins in the middle of: its text is still a note, a warning, … */
function alertsAbove({ leaf }: LeafPiece): string {
  let lines = "";
  for (let container = leaf.container; container; container = container.around) {
    if (container.alert === undefined || (leaf.kind === "alert" && container === leaf.container)) continue;
    const prefix = quotePrefix(container);
    lines = `${prefix}${container.alert}\n${leaf.kind === "prose" ? "" : `${prefix.trimEnd()}\n`}${lines}`;
  }
  return lines;
}
