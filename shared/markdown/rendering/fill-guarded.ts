import { mayShowOthers, showsOthers } from "#shared/markdown/elements/own-macros.ts";
import {
  attribute,
  descendants,
  type MarkupElement,
  type MarkupNode,
} from "#shared/markdown/parse/markup-tree.ts";
import { certainElements } from "./certain-elements.ts";
import { fillByWords, fillMacros, type FoundContent, showContent } from "./fill-macros.ts";
import { storedMacros } from "./stored-macros.ts";

/**
 * As `fillMacros`, for a body of which only the macros that `mayShow` accepts may be shown: the others' content is in the rendered body
 * too, and whoever writes a page can write attributes and words that look like those of a macro. So where it is not certain what is
 * whose, nothing is shown. `isComplete`: all macros that Confluence may find in the body are in `stored`.
 */
export function fillGuarded(
  stored: MarkupElement,
  rendered: MarkupElement,
  { mayShow, isComplete }: { mayShow: (macro: MarkupElement) => boolean; isComplete: boolean },
): void {
  if (!isComplete) return;
  const macros = storedMacros(stored, new Set());
  const shown = macros.filter(({ element }) => mayShow(element));
  const shownElements = new Set(shown.map(({ element }) => element));
  const others = [...descendants(stored)].filter(
    (element) => !shownElements.has(element) && mayShowOthers(element),
  );
  // All of the rendered body may be shown, so that it does not matter where in it a macro is.
  if (others.length === 0) return fillMacros(stored, rendered, showsNoOthers);
  const elements = certainElements({ stored, rendered }, [...shownElements, ...others]);
  if (!elements || !others.every((other) => elements.has(other))) return;
  const content: FoundContent = new Map();
  for (const macro of shownElements) {
    const element = elements.get(macro);
    if (element) content.set(macro, [element]);
  }
  const waiting = shown.filter(({ element }) => !elements.has(element));
  // Of two, either could contain what passes for the element of a macro that is not shown. One whose id is not found is in doubt.
  if (waiting.length === 1 && waiting.every(({ ids }) => ids.length === 0)) {
    const placed = [...elements.keys()].map((element) => ({ element, isInText: false }));
    const known = { elements, others: new Set<MarkupElement>() };
    fillByWords(stored, rendered, { macros: [...placed, ...waiting], known, content, needsAllKnown: true });
  }
  showContent(stored, content, showsNoOthers);
}

/** What a macro shows must not show others in turn: its target may have begun to since it was stored. */
function showsNoOthers(macro: MarkupElement, nodes: readonly MarkupNode[]): boolean {
  const isItsOwn = (element: MarkupElement) => {
    const [id, shownId] = [attribute(macro, "ac:macro-id"), attribute(element, "data-macro-id")];
    if (id !== "" && shownId !== "" && id !== shownId) return false;
    return attribute(element, "data-macro-name").toLowerCase() === attribute(macro, "ac:name").toLowerCase();
  };
  return nodes.every((node) => {
    if (typeof node === "string") return true;
    return (isItsOwn(node) || !showsOthers(node)) && ![...descendants(node)].some(showsOthers);
  });
}
