import { descendant, type MarkupElement, type MarkupNode } from "#shared/markdown/parse/markup-tree.ts";
import { wordBounds, type WordRange } from "./body-words.ts";

/** The words from `from` to before `to`; `isInText`: of a line, so that parts of texts count too. */
export type Stretch = WordRange & { isInText: boolean };

/** Of the children of an element, after how many words each begins and ends, and of texts the words. */
type Places = { starts: number[]; ends: number[]; words: (readonly WordRange[])[] };

/** Finds the nodes of a rendered body between two of its words, without reading all of the body for each stretch. */
export class NodesBetween {
  readonly #ranges: ReadonlyMap<MarkupElement, WordRange>;
  readonly #leftOut: ReadonlySet<MarkupElement>;
  readonly #places = new Map<MarkupElement, Places>();

  /** `leftOut`: elements that are never found. */
  constructor(ranges: ReadonlyMap<MarkupElement, WordRange>, leftOut: ReadonlySet<MarkupElement>) {
    this.#ranges = ranges;
    this.#leftOut = leftOut;
  }

  /** Whole elements of an element in a stretch of words; within a line also parts of texts. */
  find(element: MarkupElement, stretch: Stretch): MarkupNode[] {
    const found: MarkupNode[] = [];
    this.#add(element, stretch, found);
    return found;
  }

  #add(element: MarkupElement, stretch: Stretch, found: MarkupNode[]): void {
    const { from, to, isInText } = stretch;
    const places = this.#placesIn(element);
    for (let index = firstFrom(places.ends, from); index < element.children.length; index++) {
      const node = element.children[index] ?? "";
      const start = places.starts[index] ?? 0;
      const end = places.ends[index] ?? 0;
      if (start > to) break;
      if (typeof node === "string") {
        if (!isInText || end <= from || start >= to) continue;
        found.push(
          textBetween(node, places.words[index] ?? [], { from: Math.max(0, from - start), to: to - start }),
        );
      } else if (this.#leftOut.has(node)) continue;
      // Without words it may be a picture: at the edge it may belong to the adjacent words or to the macro.
      else if (end === start ? holdsImage(node) : start >= from && end <= to) found.push(node);
      else if (end > start) this.#add(node, stretch, found);
    }
  }

  #placesIn(element: MarkupElement): Places {
    const known = this.#places.get(element);
    if (known) return known;
    const places: Places = { starts: [], ends: [], words: [] };
    let position = this.#ranges.get(element)?.from ?? 0;
    for (const [index, node] of element.children.entries()) {
      places.starts.push(position);
      if (typeof node === "string") {
        const words = wordBounds(node);
        places.words[index] = words;
        position += words.length;
      } else position = this.#ranges.get(node)?.to ?? position;
      places.ends.push(position);
    }
    this.#places.set(element, places);
    return places;
  }
}

/** The index of the first of ascending numbers that is not below `least`. */
function firstFrom(numbers: readonly number[], least: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The text from one word to before another, with everything between them. */
function textBetween(text: string, words: readonly WordRange[], { from, to }: WordRange): string {
  const first = words[from];
  const last = words[Math.min(to, words.length) - 1];
  if (!first || !last) return "";
  return text.slice(from === 0 ? 0 : first.from, to >= words.length ? text.length : last.to);
}

export function holdsImage(element: MarkupElement): boolean {
  return element.name === "img" || descendant(element, ({ name }) => name === "img") !== undefined;
}
