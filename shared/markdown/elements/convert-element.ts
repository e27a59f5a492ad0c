import { convertHtmlElement } from "./html-elements.ts";
import type { MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { convertRenderedElement } from "./rendered-elements.ts";
import { convertStorageElement } from "./storage-elements.ts";

/**
 * Converts one element of a body: Confluence's own XML by its prefix, what Confluence rendered by its classes, HTML by its
 * name. The vocabularies do not overlap, and bodies mix them (rendered macros inside storage copied from a page), so each
 * is understood everywhere.
 */
export function convertElement(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  if (convertStorageElement(element, target, build)) return;
  if (convertRenderedElement(element, target, build)) return;
  convertHtmlElement(element, target, build);
}
