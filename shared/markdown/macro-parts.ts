import { attribute, child, type MarkupElement, textOf } from "./markup-tree.ts";

/** A macro of the storage format. */
export type Macro = {
  name: string;
  element: MarkupElement;
  /** Parameters by name; the one without a name is `""`. */
  parameters: ReadonlyMap<string, MarkupElement>;
  richBody: MarkupElement | undefined;
  plainBody: MarkupElement | undefined;
};

/** Reads `ac:structured-macro` (and `ac:macro`, its form before Confluence 5) apart. */
export function readMacro(element: MarkupElement): Macro {
  const parameters = new Map<string, MarkupElement>();
  for (const node of element.children) {
    if (typeof node === "string") continue;
    if (node.name === "ac:parameter") parameters.set(attribute(node, "ac:name"), node);
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

/** A parameter's text; empty when it is missing. */
export function parameter(macro: Macro, name: string): string {
  const element = macro.parameters.get(name);
  return element ? textOf(element).trim() : "";
}
