import { codeLanguage } from "./code-language.ts";
import { emoticonOfImage } from "./emoticons.ts";
import {
  attribute,
  child,
  descendant,
  hasClass,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import { appendPanel, type PanelKind } from "./panels.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

type Convert = (element: MarkupElement, target: PlainElement, build: PlainTreeBuilder) => void;

/** What Confluence renders macros as, by class; the first that an element has decides. */
const BY_CLASS: readonly (readonly [string, Convert])[] = [
  ["confluence-information-macro", convertInformationMacro],
  ["expand-container", convertExpand],
  ["expand-control-icon", () => {}],
  ["preformatted", (element, target, build) => build.append(element.children, target)],
  ["code", convertCodePanel],
  ["panel", convertPanel],
  ["sectionMacro", convertColumns],
  ["inline-task-list", convertTaskList],
  ["katex", convertKatex],
];
const CLASS_HINT = /information-macro|expand-con|preformatted|code|panel|sectionMacro|task-list|katex/;

/** Converts what Confluence rendered from a macro or from its own elements; false when the element is ordinary HTML. */
export function convertRenderedElement(
  element: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): boolean {
  if (element.name === "pre") return convertCode(element, target, build);
  if (element.name === "img") {
    const emoji = emoticonOfImage(element);
    if (emoji !== null) build.text(emoji, target);
    return emoji !== null;
  }
  const classes = element.attributes.get("class");
  if (classes === undefined || !CLASS_HINT.test(classes) || element.name === "code") return false;
  for (const [name, convert] of BY_CLASS) {
    if (!hasClass(element, name)) continue;
    convert(element, target, build);
    return true;
  }
  return false;
}

const INFORMATION_KINDS: readonly (readonly [string, PanelKind])[] = [
  ["confluence-information-macro-note", "IMPORTANT"],
  ["confluence-information-macro-tip", "TIP"],
  ["confluence-information-macro-success", "TIP"],
  ["confluence-information-macro-warning", "WARNING"],
  ["confluence-information-macro-error", "CAUTION"],
];

function convertInformationMacro(
  element: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const kind = INFORMATION_KINDS.find(([name]) => hasClass(element, name))?.[1] ?? "NOTE";
  const title = element.children.find((node) => typeof node !== "string" && hasClass(node, "title"));
  const content = element.children.filter((node) => node !== title);
  appendPanel(kind, title ? textOf(title).trim() : "", content, target, build);
}

function convertExpand(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const title = descendant(element, (inner) => hasClass(inner, "expand-control-text"));
  const content = child(element, "div") && element.children.filter((node) => !isExpandControl(node));
  if (title) build.titleParagraph(textOf(title).trim(), target);
  build.append(content ?? element.children, target);
}

function isExpandControl(node: MarkupElement | string): boolean {
  return typeof node !== "string" && hasClass(node, "expand-control");
}

/** `div.code.panel`: an optional header with the title, then the code. */
function convertCodePanel(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  for (const node of element.children) {
    if (typeof node !== "string" && hasClass(node, "codeHeader"))
      build.titleParagraph(textOf(node).trim(), target);
    else build.append([node], target);
  }
}

function convertPanel(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const header = element.children.find((node) => typeof node !== "string" && hasClass(node, "panelHeader"));
  const content = element.children.filter((node) => node !== header);
  appendPanel(null, header ? textOf(header).trim() : "", content, target, build);
}

/** Sections of columns are tables for layout only: read one column after the other. */
function convertColumns(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  if (element.name !== "table") {
    build.element("DIV", element.children, target);
    return;
  }
  const flatten = (node: MarkupElement): void => {
    for (const inner of node.children) {
      if (typeof inner === "string") build.text(inner, target);
      else if (/^(tbody|thead|tfoot|tr)$/.test(inner.name)) flatten(inner);
      else build.element("DIV", inner.children, target);
    }
  };
  flatten(element);
}

function convertTaskList(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const list = build.element("UL", [], target);
  for (const node of element.children) {
    if (typeof node !== "string" && node.name === "li") {
      build.element("LI", node.children, list, { task: hasClass(node, "checked") ? "x" : " " });
    } else {
      build.append([node], list);
    }
  }
}

/** A block of code: of the syntax highlighter (`brush: java`), of the new editor, of a README (`language-java`). */
function convertCode(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): boolean {
  const code = child(element, "code");
  const classes = `${attribute(element, "class")} ${code ? attribute(code, "class") : ""}`;
  const language =
    /brush:\s*([^;\s]+)/.exec(attribute(element, "data-syntaxhighlighter-params"))?.[1] ??
    (attribute(element, "data-language") || attribute(element, "lang") || undefined) ??
    /(?:language|lang|code)-([\w+#.]+)/.exec(classes)?.[1] ??
    /brush:\s*([^;\s]+)/.exec(classes)?.[1] ??
    "";
  build.preformatted(element, codeLanguage(language), target);
  return true;
}

/** Formulas that KaTeX rendered come twice, for eyes and for assistive technology: the second has the TeX. */
function convertKatex(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const math = descendant(element, (inner) => inner.name === "math");
  build.append(math ? [math] : element.children, target);
}
