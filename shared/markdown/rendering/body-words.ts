import { attribute, hasClass, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";

/** A word of a body, or a macro at its position (`macro`). */
export type BodyWord = { word: string; macro: MarkupElement | null };

const WORD = /[\p{L}\p{N}]+/gu;
/** Elements whose words differ between storage and rendering: dates, names of people, emoticons. */
const NOT_SHARED =
  /^(?:time|ac:emoticon|ac:task-id|ac:task-uuid|ac:task-status|ac:placeholder|script|style|ri:user)$/;
const SHOWN_PARAMETERS = /^(?:title|label)$/i;

/** The words of a stored body in order, with each of `macros` as one. */
export function storedWords(root: MarkupElement, macros: ReadonlySet<MarkupElement>): BodyWord[] {
  const found: BodyWord[] = [];
  const visit = (element: MarkupElement): void => {
    for (const node of element.children) {
      if (typeof node === "string") addWords(node, found);
      else if (macros.has(node)) found.push({ word: "", macro: node });
      else if (node.name === "ac:parameter") {
        if (SHOWN_PARAMETERS.test(attribute(node, "ac:name"))) addWords(textOf(node), found);
      } else if (!NOT_SHARED.test(node.name) && !/^ac:adf-(?:attribute|fallback)$/.test(node.name)) {
        if (node.name === "ac:link" && textOf(node).trim() === "") addWords(linkedTitle(node), found);
        visit(node);
      }
    }
  };
  visit(root);
  return found;
}

function linkedTitle(link: MarkupElement): string {
  for (const node of link.children) {
    if (typeof node !== "string" && node.name.startsWith("ri:"))
      return attribute(node, "ri:content-title") || attribute(node, "ri:filename");
  }
  return attribute(link, "ac:anchor");
}

function addWords(text: string, found: BodyWord[]): void {
  for (const [word] of text.matchAll(WORD)) found.push({ word, macro: null });
}

/** A range of words of a body, or of characters of a text. */
export type WordRange = { from: number; to: number };

/** The words of a rendered body in order; each of the elements in `marks` is one word, those in `leftOut` are skipped. */
export function renderedWords(
  root: MarkupElement,
  marks: ReadonlyMap<MarkupElement, string>,
  leftOut: ReadonlySet<MarkupElement>,
): { words: string[]; ranges: Map<MarkupElement, WordRange> } {
  const words: string[] = [];
  const ranges = new Map<MarkupElement, WordRange>();
  const visit = (element: MarkupElement): void => {
    const from = words.length;
    const mark = marks.get(element);
    if (mark !== undefined) words.push(mark);
    else if (!leftOut.has(element) && !NOT_SHARED.test(element.name) && !hasClass(element, "user-mention")) {
      for (const node of element.children) {
        if (typeof node === "string") for (const [word] of node.matchAll(WORD)) words.push(word);
        else visit(node);
      }
    }
    ranges.set(element, { from, to: words.length });
  };
  visit(root);
  return { words, ranges };
}

/** Where in a text each of its words begins and ends. */
export function wordBounds(text: string): WordRange[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ from: index, to: index + word.length }));
}
