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
import { appendDecision } from "./adf-extension.ts";
import { type AlertKind, alertKind, appendPanel } from "./boxes.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";

type Convert = (element: MarkupElement, target: PlainElement, build: PlainTreeBuilder) => void;

/** Converters of rendered macros by class; the first class of an element that is listed decides. */
const BY_CLASS: readonly (readonly [string, Convert])[] = [
  ["confluence-information-macro", convertInformationMacro],
  ["expand-container", convertExpand],
  ["expand-control-icon", () => {}],
  ["preformatted", (element, target, build) => build.append(element.children, target)],
  ["code", convertCodePanel],
  ["panel", convertPanel],
  ["sectionMacro", convertColumns],
  ["inline-task-list", convertTaskList],
  ["decision-list", convertDecisions],
  ["ak-decision-list", convertDecisions],
  ["status-macro", convertStatus],
  ["aui-lozenge", convertStatus],
  ["aui-message", convertMessage],
  ["katex", convertKatex],
];
/** The converter of an element of these classes; cached, because pages repeat the same few thousands of times. */
const BY_CLASSES = new Map<string, Convert | null>();
const MAX_CLASSES = 10_000;

function convertOf(classes: string): Convert | null {
  let convert = BY_CLASSES.get(classes);
  if (convert === undefined) {
    const names = new Set(classes.split(/\s+/));
    convert = BY_CLASS.find(([name]) => names.has(name))?.[1] ?? null;
    if (BY_CLASSES.size >= MAX_CLASSES) BY_CLASSES.clear();
    BY_CLASSES.set(classes, convert);
  }
  return convert;
}

/** Converts an element that Confluence rendered from a macro or from its own elements; false if it is ordinary HTML. */
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
  const title = element.attributes.get("data-title");
  if (title !== undefined) {
    build.titled(title, target, (part) => build.append(element.children, part));
    return true;
  }
  const classes = element.attributes.get("class");
  if (classes === undefined || element.name === "code") return false;
  const convert = convertOf(classes);
  convert?.(element, target, build);
  return convert !== null;
}

const INFORMATION_KINDS: readonly (readonly [string, AlertKind])[] = [
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
  appendPanel({ kind, title: title ? textOf(title).trim() : "", content }, target, build);
}

function convertExpand(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const control = descendant(element, (inner) => hasClass(inner, "expand-control-text"));
  const content = child(element, "div")
    ? element.children.filter((node) => !isExpandControl(node))
    : element.children;
  const title = control ? textOf(control).trim() : "";
  build.titled(title, target, (part) => build.append(content, part));
}

function isExpandControl(node: MarkupElement | string): boolean {
  return typeof node !== "string" && hasClass(node, "expand-control");
}

/** `div.code.panel`: an optional header with the title, then the code. */
function convertCodePanel(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const header = element.children.find((node) => typeof node !== "string" && hasClass(node, "codeHeader"));
  const content = element.children.filter((node) => node !== header);
  build.titled(header ? textOf(header).trim() : "", target, (part) => build.append(content, part));
}

function convertPanel(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const header = element.children.find((node) => typeof node !== "string" && hasClass(node, "panelHeader"));
  const content = element.children.filter((node) => node !== header);
  appendPanel({ kind: null, title: header ? textOf(header).trim() : "", content }, target, build);
}

/** Sections of columns are layout tables: their columns are converted in order. */
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

/** A list of decisions, with whether each was taken if Confluence renders that. */
function convertDecisions(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const list = build.element("UL", [], target);
  for (const node of element.children) {
    const state = typeof node === "string" ? "" : stateOf(node);
    if (typeof node !== "string" && state !== "")
      appendDecision(state === "UNDECIDED", node.children, list, build);
    else build.append([node], list);
  }
}

function stateOf(item: MarkupElement): string {
  return attribute(item, "data-decision-state") || attribute(item, "data-state");
}

const LOZENGE_COLOURS: readonly (readonly [string, string])[] = [
  ["success", "Green"],
  ["error", "Red"],
  ["removed", "Red"],
  ["current", "Yellow"],
  ["moved", "Yellow"],
  ["complete", "Blue"],
  ["progress", "Blue"],
  ["inprogress", "Blue"],
  ["new", "Purple"],
];

/** A lozenge; without a text its colour is shown. */
function convertStatus(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  if (textOf(element).trim() !== "") {
    build.append(element.children, target);
    return;
  }
  const colour = LOZENGE_COLOURS.find(([name]) => hasClass(element, `aui-lozenge-${name}`))?.[1] ?? "Grey";
  build.apart(target, () => build.text(colour, target));
}

/** A message box of Atlassian's user interface library, which apps use for their boxes. */
function convertMessage(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const type = attribute(element, "class")
    .split(/\s+/)
    .map((name) => alertKind(name.replace(/^aui-message-/, "")));
  const title = element.children.find((node) => typeof node !== "string" && hasClass(node, "title"));
  const content = element.children.filter((node) => node !== title);
  const kind = type.find((found) => found !== null) ?? null;
  appendPanel({ kind, title: title ? textOf(title).trim() : "", content }, target, build);
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

/** KaTeX renders formulas twice, visually and for assistive technology: the second has the TeX. */
function convertKatex(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const math = descendant(element, (inner) => inner.name === "math");
  build.append(math ? [math] : element.children, target);
}
