import { blockUnits, type Unit } from "./block-units.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { type Block, markdownBlocks } from "./markdown-blocks.ts";
import { blocksOfSection, type Section, sectionTree } from "./sections.ts";

/** A chunk as a place in the document: `before` + the text from `from` to `to` + `after`. */
export type Cut = { from: number; to: number; before: string; after: string; headingPath: string[] };

/** A section with its sub-sections is one chunk when all together are no more than this share of the target. */
const TINY_SHARE = 1 / 4;

/**
 * Cuts a document into chunks: by section, then by block, then inside blocks that are too large. The cuts cover the
 * document but for white space, in order. What a section becomes depends on it and its sub-sections alone, so that editing
 * or inserting one leaves the chunks of all others as they are.
 */
export function cutMarkdown(markdown: string, targetTokens: number): Cut[] {
  const cuts: Cut[] = [];
  const sizes = new Map<Section, number>();
  const root = sectionTree(markdownBlocks(markdown));
  measure(root, markdown, sizes);
  const cutSection = (section: Section, headings: readonly Block[]): void => {
    const isTiny = section.level > 0 && (sizes.get(section) ?? 0) <= targetTokens * TINY_SHARE;
    if (isTiny) {
      pack(markdown, [...headings, ...blocksOfSection(section)], section.path, targetTokens, cuts);
      return;
    }
    const own = section.heading ? [...headings, section.heading] : [...headings];
    const [firstChild, ...otherChildren] = section.children;
    // A heading with nothing but headings under it says little alone: it goes with the first of them.
    const goesWithChild = section.blocks.length === 0 && firstChild !== undefined;
    if (!goesWithChild) pack(markdown, [...own, ...section.blocks], section.path, targetTokens, cuts);
    if (firstChild) cutSection(firstChild, goesWithChild ? own : []);
    for (const child of otherChildren) cutSection(child, []);
  };
  cutSection(root, []);
  return cuts;
}

function measure(section: Section, markdown: string, sizes: Map<Section, number>): number {
  let tokens = section.heading ? tokensOf(section.heading, markdown) : 0;
  for (const block of section.blocks) tokens += tokensOf(block, markdown);
  for (const child of section.children) tokens += measure(child, markdown, sizes);
  sizes.set(section, tokens);
  return tokens;
}

function tokensOf(block: Block, markdown: string): number {
  return estimateTokens(markdown.slice(block.from, block.to));
}

/** Fills chunks with blocks, each whole where it fits; headings stay with what follows them. */
function pack(
  markdown: string,
  blocks: readonly Block[],
  headingPath: string[],
  targetTokens: number,
  cuts: Cut[],
): void {
  let chunk: Cut | null = null;
  let tokens = 0;
  let onlyHeadings = true;
  let header = { text: "", tokens: 0 };
  /** All rows of a table have the same header; a wide one is worth counting once. */
  const tokensBefore = ({ before }: Unit): number => {
    if (header.text !== before) header = { text: before, tokens: estimateTokens(before) };
    return header.tokens;
  };
  const flush = (): void => {
    if (chunk) cuts.push(chunk);
    chunk = null;
    tokens = 0;
    onlyHeadings = true;
  };
  const add = (unit: Unit): void => {
    if (chunk) chunk = { ...chunk, to: unit.to, after: unit.after };
    else {
      chunk = { from: unit.from, to: unit.to, before: unit.before, after: unit.after, headingPath };
      tokens += tokensBefore(unit);
    }
    tokens += unit.tokens;
  };
  for (const block of blocks) {
    const size = tokensOf(block, markdown);
    if (tokens + size > targetTokens && !onlyHeadings) flush();
    if (tokens + size <= targetTokens) {
      add({ from: block.from, to: block.to, tokens: size, before: "", after: "" });
    } else {
      for (const unit of blockUnits(markdown, block, targetTokens)) {
        const overhead = chunk ? 0 : tokensBefore(unit);
        if (tokens + unit.tokens + overhead > targetTokens && chunk && !onlyHeadings) flush();
        add(unit);
        onlyHeadings = false;
      }
    }
    if (block.headingLevel === 0) onlyHeadings = false;
  }
  flush();
}
