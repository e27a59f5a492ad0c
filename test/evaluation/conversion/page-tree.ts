import { type DefaultTreeAdapterTypes, parseFragment } from "parse5";
import { SaxesParser } from "saxes";
import { decodeHTMLStrict } from "entities";

/** A page as the evaluation reads it, by parsers that the converter does not use. */
export type Tree = { name: string; attributes: Record<string, string>; children: (Tree | string)[] };

export function tree(
  name: string,
  children: (Tree | string)[] = [],
  attributes: Record<string, string> = {},
): Tree {
  return { name, attributes, children };
}

/** Reads storage as XML; what is no XML, as a browser would read it. */
export function readStorage(body: string): Tree {
  return readXml(body) ?? readHtml(cdataAsText(body));
}

/** Reads HTML as a browser would, but for tags that close themselves, as Confluence's serializer writes them. */
export function readHtml(body: string): Tree {
  const expanded = body.replace(
    /<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)([a-zA-Z][\w:-]*)((?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*)\s*\/>/g,
    "<$1$2></$1>",
  );
  return fromParse5(parseFragment(expanded));
}

function fromParse5(node: DefaultTreeAdapterTypes.ParentNode): Tree {
  const name = "tagName" in node ? node.tagName : "#root";
  const attributes = "attrs" in node ? Object.fromEntries(node.attrs.map((a) => [a.name, a.value])) : {};
  const children: (Tree | string)[] = [];
  for (const child of node.childNodes) {
    if (child.nodeName === "#text" && "value" in child) children.push(child.value);
    else if ("tagName" in child) children.push(fromParse5(child));
  }
  return { name: name.toLowerCase(), attributes, children };
}

function readXml(body: string): Tree | null {
  const root = tree("#root");
  const open = [root];
  let failed = false;
  const parser = new SaxesParser<{ fragment: true; xmlns: false }>({ fragment: true, xmlns: false });
  parser.on("error", () => {
    failed = true;
  });
  parser.on("opentag", (tag) => {
    const element = tree(tag.name.toLowerCase(), [], { ...tag.attributes });
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    open.pop();
  });
  const text = (value: string): void => {
    open.at(-1)?.children.push(value);
  };
  parser.on("text", text);
  parser.on("cdata", text);
  // Named entities as characters, except inside CDATA, which is text as it is; a fragment has no document type.
  const prepared = body
    .replace(/<!DOCTYPE[^[>]*(?:\[[^\]]*\])?\s*>/i, "")
    .replace(/<\?xml[^>]*\?>/, "")
    .split(/(<!\[CDATA\[[\s\S]*?\]\]>)/)
    .map((part) => (part.startsWith("<![CDATA[") ? part : namedEntities(part)))
    .join("");
  try {
    parser.write(prepared).close();
  } catch {
    return null; // Not well-formed: the caller reads it another way.
  }
  return failed ? null : root;
}

function namedEntities(text: string): string {
  return text.replace(/&(?!amp;|lt;|gt;|quot;|apos;)[a-zA-Z]\w*;/g, (entity) => decodeHTMLStrict(entity));
}

function cdataAsText(body: string): string {
  return body.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_all, text: string) =>
    text.replace(/&/g, "&amp;").replace(/</g, "&lt;"),
  );
}

/** Whether a node is an element of that name. */
export function isNamed(node: Tree | string, name: string): node is Tree {
  return typeof node !== "string" && node.name === name;
}

/** The first element of that name, not looking into other macros. */
export function find(node: Tree, name: string): Tree | undefined {
  for (const c of node.children) {
    if (typeof c === "string") continue;
    if (c.name === name) return c;
    if (c.name === "ac:structured-macro" || c.name === "ac:macro") continue;
    const found = find(c, name);
    if (found) return found;
  }
  return undefined;
}

/** All text inside, as written. */
export function textOf(node: Tree | string): string {
  return typeof node === "string" ? node : node.name === "br" ? "\n" : node.children.map(textOf).join("");
}
