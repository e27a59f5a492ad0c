import { convertHtmlElement } from "./html-elements.ts";
import type { MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { convertRenderedElement } from "./rendered-elements.ts";
import { convertStorageElement } from "./storage-elements.ts";

/**
 * Converts one element of a body: Confluence's own XML by its prefix, rendered macros by their classes, HTML by its name. The
 * vocabularies do not overlap, and bodies mix them (rendered macros pasted into storage), so each is accepted everywhere.
 */
export function convertElement(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  if (convertStorageElement(element, target, build)) return;
  if (convertRenderedElement(element, target, build)) return;
  convertHtmlElement(element, target, build);
}
