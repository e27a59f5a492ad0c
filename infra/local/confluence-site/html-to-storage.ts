import { parseFragment, type DefaultTreeAdapterTypes } from "parse5";
import { escapeAttribute, escapeText } from "./storage-xml.ts";

const VOID = new Set([
  "area",
  "base",
  "br",
  "col",
  "embed",
  "hr",
  "img",
  "input",
  "link",
  "meta",
  "source",
  "track",
  "wbr",
]);
const DROPPED = new Set(["script", "style", "link", "meta", "base"]);
const NAME = /^[A-Za-z_][\w.-]*$/;
/** Characters that XML 1.0 does not have. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/**
 * A rendered page as well-formed storage: the same elements and text as XHTML. Scripts and styles go; elements and attributes
 * whose names are no XML names (of office programs, of broken markup) go too, their text stays.
 */
export function htmlToStorage(html: string): string {
  return parseFragment(html).childNodes.map(write).join("").trim();
}

function write(node: DefaultTreeAdapterTypes.ChildNode): string {
  if (node.nodeName === "#text" && "value" in node) return escapeText(node.value.replaceAll(NOT_XML, ""));
  if (!("tagName" in node)) return "";
  const name = node.tagName;
  if (DROPPED.has(name)) return "";
  const children = "content" in node ? node.content.childNodes : node.childNodes;
  const inner = children.map(write).join("");
  if (!NAME.test(name)) return inner;
  const attributes = node.attrs
    .filter((attribute) => NAME.test(attribute.name) && !attribute.prefix)
    .map(({ name, value }) => ` ${name}="${escapeAttribute(value.replaceAll(NOT_XML, ""))}"`)
    .join("");
  return VOID.has(name) ? `<${name}${attributes}/>` : `<${name}${attributes}>${inner}</${name}>`;
}
