import { child, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { marksPlace, standsInLine } from "#shared/markdown/elements/macro.ts";
import { isMarkdownMacro } from "#shared/markdown/elements/html-macros.ts";
import { visibleText } from "#shared/markdown/parse/visible-text.ts";
import { textOfMarkdown } from "./markdown-text.ts";
import { personName, showsSomething } from "#shared/markdown/elements/storage-links.ts";

/** Elements whose text a reader of the page never sees. */
const HIDDEN = new Set(
  (
    "script style head template colgroup ac:parameter ac:default-parameter ac:task-id ac:task-uuid ac:task-status " +
    "ac:placeholder ac:adf-attribute annotation annotation-xml"
  ).split(" "),
);
/** Inline elements: no word ends at their edges. */
const INLINE = new Set(
  (
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup " +
    "time tt u var ac:link ac:link-body ac:plain-text-link-body ac:inline-comment-marker ac:rich-text-body x-rendered"
  ).split(" "),
);

/**
 * The text that a page shows, in reading order, with at least one space between blocks. Deliberately independent of how each
 * element is converted: the result is checked against it.
 */
export function shownText(element: MarkupElement, resolver: ReferenceResolver): string {
  const parts: string[] = [];
  collect(element, parts, resolver);
  return parts.join("");
}

function collect(element: MarkupElement, parts: string[], resolver: ReferenceResolver): void {
  for (const node of element.children) {
    if (typeof node === "string") {
      parts.push(node);
    } else if (isMarkdownMacro(node)) {
      for (const line of textOfMarkdown(textOf(child(node, "ac:plain-text-body") ?? node)))
        parts.push(" ", line);
    } else if (!isHidden(node)) {
      const isInline = INLINE.has(node.name) || node.name.startsWith("ri:") || isInlineMacro(node);
      if (!isInline) parts.push(" ");
      const before = parts.length;
      collect(node, parts, resolver);
      if (isBlank(parts, before)) {
        const text = textInPlaceOf(node, resolver);
        if (text !== "") parts.splice(before, parts.length, text);
      }
      if (!isInline) parts.push(" ");
    }
  }
}

function isHidden(element: MarkupElement): boolean {
  if (HIDDEN.has(element.name)) return true;
  if (element.name === "ac:adf-fallback") return true;
  const classes = element.attributes.get("class");
  // KaTeX writes each formula twice.
  return classes !== undefined && /(?:^|\s)(?:katex-html|katex-mathml)(?:\s|$)/.test(classes);
}

function isInlineMacro(element: MarkupElement): boolean {
  if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") return false;
  return standsInLine(element) || marksPlace(element);
}

function isBlank(parts: readonly string[], from: number): boolean {
  for (let index = from; index < parts.length; index++) if (parts[index]?.trim() !== "") return false;
  return true;
}

/** What Confluence shows for an element without its own text. */
function textInPlaceOf(element: MarkupElement, resolver: ReferenceResolver): string {
  if (element.name === "time") return element.attributes.get("datetime") ?? "";
  if (element.name !== "ac:link") return "";
  // A picture as the body of a link is shown instead of the title.
  const body = child(element, "ac:link-body");
  if (body?.children.some(showsSomething)) return "";
  for (const node of element.children) {
    if (typeof node === "string") continue;
    if (node.name === "ri:user") return personName(node, resolver);
    const text = node.attributes.get("ri:content-title") ?? node.attributes.get("ri:filename");
    if (text !== undefined) return visibleText(text);
    if (node.name.startsWith("ri:")) return "";
  }
  return element.attributes.get("ac:anchor") ?? "";
}
