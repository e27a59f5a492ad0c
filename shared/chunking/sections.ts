import type { Block } from "./markdown-blocks.ts";

/** A heading with the blocks under it and the sections below it; the root has level 0 and no heading. */
export type Section = {
  level: number;
  heading: Block | null;
  path: string[];
  blocks: Block[];
  children: Section[];
};

/** Orders blocks into the tree that their headings make. */
export function sectionTree(blocks: readonly Block[]): Section {
  const root: Section = { level: 0, heading: null, path: [], blocks: [], children: [] };
  const open: Section[] = [root];
  for (const block of blocks) {
    if (block.headingLevel === 0) {
      open.at(-1)?.blocks.push(block);
      continue;
    }
    while ((open.at(-1)?.level ?? 0) >= block.headingLevel) open.pop();
    const parent = open.at(-1) ?? root;
    const section: Section = {
      level: block.headingLevel,
      heading: block,
      path: block.heading === "" ? parent.path : [...parent.path, block.heading],
      blocks: [],
      children: [],
    };
    parent.children.push(section);
    open.push(section);
  }
  return root;
}

/** All blocks of a section in document order, its heading and its children's included. */
export function blocksOfSection(section: Section): Block[] {
  const own = section.heading ? [section.heading, ...section.blocks] : section.blocks;
  return [...own, ...section.children.flatMap(blocksOfSection)];
}
