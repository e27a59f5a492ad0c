import {
  child,
  descendant,
  type MarkupElement,
  type MarkupNode,
} from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

/** Content that opens by a click, below its summary. */
export function convertDetails(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const summary = child(element, "summary");
  // A heading is already a title.
  if (!summary || descendant(summary, ({ name }) => /^h[1-6]$/.test(name)))
    return void build.element("DIV", element.children, target);
  build.part(
    (paragraph) => build.span("STRONG", summary.children, paragraph),
    target,
    (part) => build.append(without(element, summary), part),
  );
}

/** Terms, each with its descriptions below. */
export function convertDescriptions(
  element: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const list = build.element("DIV", [], target);
  const nodes = element.children.filter((node) => typeof node !== "string" || node.trim() !== "");
  for (let index = 0; index < nodes.length;) {
    const term = nodes[index++];
    if (term === undefined) return;
    const start = index;
    while (isNamed(nodes[index], "dd")) index++;
    if (!isNamed(term, "dt") || index === start) {
      build.append([term, ...nodes.slice(start, index)], list);
      continue;
    }
    build.part(
      (paragraph) => build.append(term.children, paragraph),
      list,
      (part) => build.append(nodes.slice(start, index), part),
    );
  }
}

function isNamed(node: MarkupNode | undefined, name: string): node is MarkupElement {
  return node !== undefined && typeof node !== "string" && node.name === name;
}

function without(element: MarkupElement, part: MarkupElement): MarkupNode[] {
  return element.children.filter((node) => node !== part);
}
