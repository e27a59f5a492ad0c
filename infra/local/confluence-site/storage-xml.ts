import { parseFragment } from "parse5";
import { SaxesParser } from "saxes";

/** Storage format as a tree. */
export type XmlNode = string | XmlElement;
export type XmlElement = { name: string; attributes: Record<string, string>; children: XmlNode[] };

/** Parses storage format, which is XML with HTML's entities and without a root. Null when it is not well-formed. */
export function parseStorage(storage: string): XmlElement | null {
  const root: XmlElement = { name: "root", attributes: {}, children: [] };
  const open = [root];
  const append = (node: XmlNode) => open.at(-1)?.children.push(node);
  const parser = new SaxesParser({ fragment: true, xmlns: false });
  let wellFormed = true;
  parser.on("error", () => {
    wellFormed = false;
  });
  parser.on("opentag", (tag) => {
    const element = { name: tag.name, attributes: tag.attributes, children: [] };
    append(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  parser.on("text", append);
  parser.on("cdata", append);
  parser.write(withoutHtmlEntities(storage)).close();
  return wellFormed ? root : null;
}

/** Elements below a node, itself left out, in document order. */
export function* elementsOf(node: XmlElement): Generator<XmlElement> {
  for (const child of node.children) {
    if (typeof child === "string") continue;
    yield child;
    yield* elementsOf(child);
  }
}

/** The text of a node and all below it. */
export function textOf(node: XmlNode): string {
  return typeof node === "string" ? node : node.children.map(textOf).join("");
}

/** Child elements, without the text between them. */
export function elementChildren(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => typeof child !== "string");
}

/** The first child element of that name. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return elementChildren(element).find((child) => child.name === name);
}

/** Text as written in markup. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text as written in a quoted attribute. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll('"', "&quot;");
}

const XML_ENTITIES = new Set(["amp", "lt", "gt", "quot", "apos"]);

/** Named entities that XML does not know, as characters; code in CDATA is left alone. */
function withoutHtmlEntities(storage: string): string {
  return storage.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>|&([A-Za-z][A-Za-z0-9]*);/g, (match, name?: string) => {
    if (name === undefined || XML_ENTITIES.has(name)) return match;
    const [node] = parseFragment(match).childNodes;
    return node && "value" in node ? escapeText(node.value) : match;
  });
}
