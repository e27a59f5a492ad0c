/** A parsed body, in its own vocabulary: names as written, in lower case, with their prefix (`ac:link`). */
export type MarkupElement = {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: MarkupNode[];
};
/** A string is text with its entities resolved. */
export type MarkupNode = MarkupElement | string;

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

export function markupElement(name: string, attributes: ReadonlyMap<string, string> | null): MarkupElement {
  return { name, attributes: attributes ?? NO_ATTRIBUTES, children: [] };
}

/** The value of an attribute; empty if it is missing. */
export function attribute(element: MarkupElement, name: string): string {
  return element.attributes.get(name) ?? "";
}

export function hasClass(element: MarkupElement, name: string): boolean {
  const classes = element.attributes.get("class");
  if (!classes?.includes(name)) return false;
  return classes === name || classes.split(/\s+/).includes(name);
}

/** The first child element of that name. */
export function child(element: MarkupElement, name: string): MarkupElement | undefined {
  for (const node of element.children) {
    if (typeof node !== "string" && node.name === name) return node;
  }
  return undefined;
}

/** The first descendant, in document order, for which `matches` holds. */
export function descendant(
  element: MarkupElement,
  matches: (element: MarkupElement) => boolean,
): MarkupElement | undefined {
  for (const node of element.children) {
    if (typeof node === "string") continue;
    if (matches(node)) return node;
    const found = descendant(node, matches);
    if (found) return found;
  }
  return undefined;
}

/** Every descendant element in document order, without the element itself. */
export function* descendants(element: MarkupElement): Generator<MarkupElement> {
  for (const node of element.children) {
    if (typeof node === "string") continue;
    yield node;
    yield* descendants(node);
  }
}

/** All text inside, as written; line breaks (`<br>`) as newlines. */
export function textOf(node: MarkupNode): string {
  if (typeof node === "string") return node;
  if (node.name === "br") return "\n";
  const only = node.children[0];
  if (node.children.length === 1 && typeof only === "string") return only;
  return node.children.map(textOf).join("");
}

/** The beginning of the text inside, at least `length` long if there is enough; the whole text of an element may be a page's. */
export function beginningOf(node: MarkupNode, length: number): string {
  if (typeof node === "string") return node;
  let text = "";
  for (const inner of node.children) {
    if (text.length >= length) break;
    text += beginningOf(inner, length - text.length);
  }
  return text;
}
