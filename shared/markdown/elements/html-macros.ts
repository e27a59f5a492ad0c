import {
  attribute,
  child,
  descendants,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import { parseMarkup } from "#shared/markdown/parse/parse-markup.ts";

/** Replaces the bodies of HTML macros by their parsed content. Changes the tree. */
export function parseHtmlMacros(root: MarkupElement): void {
  for (const element of descendants(root)) {
    if (!isHtmlMacro(element)) continue;
    const body = child(element, "ac:plain-text-body");
    if (!body) continue;
    body.name = "ac:rich-text-body";
    body.children = parseMarkup("export_view", textOf(body)).children;
  }
}

function isHtmlMacro(element: MarkupElement): boolean {
  if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") return false;
  return isHtmlName(attribute(element, "ac:name"));
}

/** Whether a macro of that name holds HTML: `html`, `htmlmacro`, `html-bobswift`, `macro-html`. */
export function isHtmlName(name: string): boolean {
  return /^(?:(?:raw)?html(?:macro)?|.*[-_]html|html[-_](?!include|comment).*)$/i.test(name);
}

/** Whether the body of a macro is Markdown. */
export function isMarkdownMacro(element: MarkupElement): boolean {
  if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") return false;
  return isMarkdownName(attribute(element, "ac:name")) && child(element, "ac:plain-text-body") !== undefined;
}

/** Whether a macro of that name holds Markdown. */
export function isMarkdownName(name: string): boolean {
  return /^(?:md|.*markdown.*)$/i.test(name);
}
