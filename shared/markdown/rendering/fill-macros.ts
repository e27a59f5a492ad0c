import {
  descendant,
  type MarkupElement,
  markupElement,
  type MarkupNode,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import { alignWords } from "./align-words.ts";
import { type BodyWord, renderedWords, storedWords } from "./body-words.ts";
import { type KnownElements, knownElements } from "./known-elements.ts";
import { holdsImage, NodesBetween } from "./nodes-between.ts";
import { type StoredMacro, storedMacros } from "./stored-macros.ts";

/** The element that replaces a macro and contains its rendered content. */
const RENDERED = "x-rendered";

/**
 * Replaces macros of a stored body whose content is not in the storage by their rendered content: found in the rendered body by
 * their ids, by name and order, or by the words around them. A macro that is not found, or whose content does not pass `isShown`, stays
 * unchanged. Changes both trees.
 */
export function fillMacros(
  stored: MarkupElement,
  rendered: MarkupElement,
  isShown: (macro: MarkupElement, nodes: readonly MarkupNode[]) => boolean = () => true,
): void {
  const otherIds = new Set<string>();
  const macros = storedMacros(stored, otherIds);
  const known = knownElements(macros, otherIds, rendered);
  const content: FoundContent = new Map([...known.elements].map(([macro, element]) => [macro, [element]]));
  if (known.elements.size < macros.length) fillByWords(stored, rendered, { macros, known, content });
  showContent(stored, content, isShown);
}

/** Nodes of the rendered body, by the macro that they show. */
export type FoundContent = Map<MarkupElement, readonly MarkupNode[]>;

/** Replaces those macros of a stored body whose content shows something, and passes `isShown`. */
export function showContent(
  stored: MarkupElement,
  content: FoundContent,
  isShown: (macro: MarkupElement, nodes: readonly MarkupNode[]) => boolean,
): void {
  const filled = new Map(
    [...content].filter(([macro, nodes]) => nodes.some(showsSomething) && isShown(macro, nodes)),
  );
  if (filled.size > 0) replace(stored, filled);
}

/**
 * Finds the content of the remaining macros between the words that both bodies have. `needsAllKnown`: nothing, unless each known element
 * is at the place of its macro.
 */
export function fillByWords(
  stored: MarkupElement,
  rendered: MarkupElement,
  {
    macros,
    known,
    content,
    needsAllKnown = false,
  }: {
    macros: readonly Pick<StoredMacro, "element" | "isInText">[];
    known: Pick<KnownElements, "elements" | "others">;
    content: FoundContent;
    needsAllKnown?: boolean;
  },
): void {
  const marks = new Map([...known.elements.values()].map((element, index) => [element, `\u0000${index}`]));
  const words = storedWords(stored, new Set(macros.map(({ element }) => element)));
  const others = renderedWords(rendered, marks, known.others);
  const compared = words.map(({ word, macro }) => {
    const element = macro ? known.elements.get(macro) : undefined;
    return macro ? ((element && marks.get(element)) ?? "\u0001") : word;
  });
  const waiting = new Map(
    macros.filter(({ element }) => !known.elements.has(element)).map((macro) => [macro.element, macro]),
  );
  const aligned = alignWords(compared, others.words);
  const isAtItsPlace = ({ macro }: BodyWord, index: number) =>
    macro === null || !known.elements.has(macro) || aligned[index] !== -1;
  if (needsAllKnown && !words.every(isAtItsPlace)) return;
  const nodesBetween = new NodesBetween(others.ranges, known.others);
  for (const gap of gapsOf(aligned, others.words.length)) {
    const inGap = words.slice(gap.from, gap.to).flatMap(({ macro }) => {
      const found = macro ? waiting.get(macro) : undefined;
      return found ? [found] : [];
    });
    const [first] = inGap;
    if (!first) continue;
    const isInText = inGap.every((macro) => macro.isInText);
    const between = { from: gap.otherFrom, to: gap.otherTo, isInText };
    const nodes = nodesBetween.find(rendered, between).filter(showsSomething);
    if (nodes.length !== inGap.length) content.set(first.element, nodes);
    else
      for (const [index, { element }] of inGap.entries()) content.set(element, nodes.slice(index, index + 1));
  }
}

type Gap = { from: number; to: number; otherFrom: number; otherTo: number };

/** Stretches of words that no word of the other body is aligned with. */
function* gapsOf(aligned: Int32Array, otherCount: number): Generator<Gap> {
  let from = 0;
  let otherFrom = 0;
  for (let place = 0; place <= aligned.length; place++) {
    const other = place === aligned.length ? otherCount : (aligned[place] ?? -1);
    if (other === -1) continue;
    if (place > from) yield { from, to: place, otherFrom, otherTo: other };
    from = place + 1;
    otherFrom = other + 1;
  }
}

function showsSomething(node: MarkupNode): boolean {
  if (typeof node === "string") return node.trim() !== "";
  const isEmbedded =
    node.name === "iframe" || descendant(node, ({ name }) => name === "iframe") !== undefined;
  return isEmbedded || holdsImage(node) || textOf(node).trim() !== "";
}

function replace(element: MarkupElement, content: ReadonlyMap<MarkupElement, readonly MarkupNode[]>): void {
  element.children = element.children.map((node) => {
    if (typeof node === "string") return node;
    const shown = content.get(node);
    if (!shown) {
      replace(node, content);
      return node;
    }
    const filled = markupElement(RENDERED, null);
    filled.children = [...shown];
    return filled;
  });
}
