import { attribute, child, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";

/** A macro of the storage format. */
export type Macro = {
  name: string;
  element: MarkupElement;
  /** Parameters by name in lower case; the unnamed one is `""`. */
  parameters: ReadonlyMap<string, MarkupElement>;
  richBody: MarkupElement | undefined;
  plainBody: MarkupElement | undefined;
};

/** Reads `ac:structured-macro` (and `ac:macro`, its form before Confluence 5). */
export function readMacro(element: MarkupElement): Macro {
  const parameters = new Map<string, MarkupElement>();
  for (const node of element.children) {
    if (typeof node === "string") continue;
    if (node.name === "ac:parameter") parameters.set(attribute(node, "ac:name").toLowerCase(), node);
    else if (node.name === "ac:default-parameter") parameters.set("", node);
  }
  return {
    name: attribute(element, "ac:name").toLowerCase(),
    element,
    parameters,
    richBody: child(element, "ac:rich-text-body"),
    plainBody: child(element, "ac:plain-text-body"),
  };
}

/** Text of the first of these parameters that has one; empty if none has. */
export function parameter(macro: Macro, ...names: string[]): string {
  for (const name of names) {
    const element = macro.parameters.get(name);
    const text = element ? textOf(element).trim() : "";
    if (text !== "") return text;
  }
  return "";
}

const BLOCK =
  /^(p|div|h[1-6]|ul|ol|dl|table|pre|blockquote|hr|center|section|ac:(plain-text-body|task-list|layout|caption|adf-extension))$/;

const PLACE_MARKS = new Set(["anchor", "scroll-bookmark", "scroll-indexterm"]);

/** Whether an element is a macro that marks a position in the text and shows nothing. */
export function marksPlace(element: MarkupElement): boolean {
  return PLACE_MARKS.has(attribute(element, "ac:name")) && /^ac:(structured-)?macro$/.test(element.name);
}

/** Cached by body of a macro: nested macros are checked again at each level. */
const inLine = new WeakMap<MarkupElement, boolean>();

/** Whether a macro's body is inline: by its name, or because it contains no blocks. */
export function standsInLine(macro: MarkupElement): boolean {
  const body = child(macro, "ac:rich-text-body");
  return body !== undefined && (attribute(macro, "ac:name").includes("inline") || !holdsBlocks(body));
}

function holdsBlocks(element: MarkupElement): boolean {
  const isBody = element.name === "ac:rich-text-body";
  const known = isBody ? inLine.get(element) : undefined;
  if (known !== undefined) return !known;
  const found = element.children.some(
    (node) => typeof node !== "string" && (BLOCK.test(node.name) || holdsBlocks(node)),
  );
  if (isBody) inLine.set(element, !found);
  return found;
}
