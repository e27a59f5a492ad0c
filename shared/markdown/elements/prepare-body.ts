import { applyStyles, showsByStyle } from "#shared/markdown/parse/apply-styles.ts";
import type { MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { BodyFormat } from "#shared/markdown/page-content.ts";
import { saysNoExport } from "./interface-messages.ts";
import { dropInterfaceText, isInterfaceClass } from "./interface-text.ts";
import { isTabs, nameRenderedTabs } from "./rendered-tabs.ts";
import { isHtmlName, parseHtmlMacros } from "./html-macros.ts";

/** The preparation steps of a body before its conversion. */
type Found = { html: boolean; tabs: boolean; interface: boolean; styles: boolean };

/**
 * Changes a parsed body into what a reader sees: bodies of HTML macros as HTML, tabs with their titles, no interface, no hidden
 * content, struck-out text in `<del>`. Changes the tree. Returns what Confluence says in it of macros that failed.
 */
export function prepareBody(root: MarkupElement, format: BodyFormat): string[] {
  const isRendered = format === "export_view";
  const found: Found = { html: false, tabs: false, interface: false, styles: false };
  look(root, found);
  if (found.html) {
    parseHtmlMacros(root);
    look(root, found);
  }
  if (found.tabs) nameRenderedTabs(root);
  const failed: string[] = [];
  if (found.interface) dropInterfaceText(root, isRendered, failed);
  if (found.styles) applyStyles(root);
  return failed;
}

/** Pages repeat the same few classes and styles thousands of times: each is evaluated once. */
const JUDGED = new Map<string, Partial<Found>>();
const MAX_JUDGED = 10_000;

function look(element: MarkupElement, found: Found): void {
  for (const node of element.children) {
    if (typeof node === "string") continue;
    const { name, attributes } = node;
    if (STYLED.has(name)) found.styles = true;
    else if (name === "button" || saysNoExport(node, true)) found.interface = true;
    if (attributes.size > 0) {
      judge(attributes.get("class"), judgeClass, found);
      judge(attributes.get("style"), judgeStyle, found);
      if (attributes.has("hidden")) found.styles = true;
      if (attributes.has("role") || attributes.get("data-macro-name") === "toc")
        found.tabs = found.interface = true;
      const macro = attributes.get("ac:name");
      if (macro !== undefined && isHtmlName(macro)) found.html = true;
    }
    look(node, found);
  }
}

const STYLED = new Set(["s", "strike", "del"]);

function judge(value: string | undefined, asIf: (value: string) => Partial<Found>, found: Found): void {
  if (value === undefined) return;
  let judged = JUDGED.get(value);
  if (!judged) {
    if (JUDGED.size >= MAX_JUDGED) JUDGED.clear();
    JUDGED.set(value, (judged = asIf(value)));
  }
  if (judged.tabs) found.tabs = true;
  if (judged.interface) found.interface = true;
  if (judged.styles) found.styles = true;
}

function judgeClass(classes: string): Partial<Found> {
  return { tabs: isTabs(classes), interface: isInterfaceClass(classes) };
}

function judgeStyle(style: string): Partial<Found> {
  return { styles: showsByStyle(style) };
}
