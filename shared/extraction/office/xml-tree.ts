import type { XmlElement } from "./read-xml.ts";

/** The child elements; of one local name if given. */
export function childrenOf(element: XmlElement | undefined, name?: string): XmlElement[] {
  return (element?.children ?? []).filter(
    (node): node is XmlElement => typeof node !== "string" && (name === undefined || node.name === name),
  );
}

/** The element at the end of a path of local names below `element`, each the first of its name. */
export function childAt(
  element: XmlElement | undefined,
  ...names: readonly string[]
): XmlElement | undefined {
  return names.reduce<XmlElement | undefined>((found, name) => childrenOf(found, name)[0], element);
}

/** An attribute by its local name, whatever its prefix; empty if it is missing. */
export function attributeOf(element: XmlElement | undefined, name: string): string {
  if (!element) return "";
  const exact = element.attributes[name];
  if (exact !== undefined) return exact;
  const prefixed = Object.keys(element.attributes).find((written) => written.endsWith(`:${name}`));
  return prefixed === undefined ? "" : (element.attributes[prefixed] ?? "");
}

/** All text inside. */
export function textOf(element: XmlElement | undefined): string {
  if (!element) return "";
  return element.children.map((node) => (typeof node === "string" ? node : textOf(node))).join("");
}

/** Text as HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
