import type { Leaf } from "#shared/chunking/block-tree.ts";
import type { Container } from "#shared/chunking/lines.ts";
import { plainTitle } from "#shared/chunking/plain-title.ts";
import type { ReadChunk } from "./continuations.ts";

/** An item of a list that may go on in the next chunk. `indent`: of the text in it. */
export type OpenItem = { title: string; indent: number };

/** As the chunker titles a group by its item (chunking/pieces.ts). */
const MAX_ITEM_TITLE = 120;
const TASK_BOX = /^\[[ x]\] /;

/** The items around the end of a chunk whose lines were indented by `indent`, below those open before it; outermost first. */
export function itemsAfter(
  open: readonly OpenItem[],
  { content, leaves }: ReadChunk,
  indent: number,
): OpenItem[] {
  const titles = new Map<Container, string>();
  for (const leaf of leaves) {
    const { container, kind } = leaf;
    if (container && kind === "prose" && !titles.has(container))
      titles.set(container, titleOf(content, leaf));
  }
  const outer = open.filter((item) => item.indent <= indent);
  let at = indent;
  return [
    ...outer,
    ...itemsAround(leaves.at(-1)?.container ?? null).map((item) => {
      at += item.indent;
      return { title: titles.get(item) ?? "", indent: at };
    }),
  ];
}

/** The indentation that the chunker removed from a chunk that is below one of these items; 0 if it is below none. */
export function indentBelow(open: readonly OpenItem[], headingPath: readonly string[]): number {
  const title = headingPath.at(-1);
  return open.findLast((item) => item.title !== "" && item.title === title)?.indent ?? 0;
}

/** Outermost first; none in a quote, whose marks stay in each chunk. */
function itemsAround(container: Container | null): Container[] {
  const items: Container[] = [];
  for (let at = container; at; at = at.around) {
    if (at.indent === 0) return [];
    items.unshift(at);
  }
  return items;
}

function titleOf(content: string, { textFrom, to }: Leaf): string {
  return plainTitle(content.slice(textFrom, to).replace(TASK_BOX, ""), MAX_ITEM_TITLE);
}
