import { parse, type DefaultTreeAdapterTypes } from "parse5";

/** What a reader sees of a rendered page, taken from its HTML without the converter. */
export type PageText = { headings: string[]; sentences: string[]; rows: string[][]; text: string };

type Node = DefaultTreeAdapterTypes.Node;

export function readPageText(html: string): PageText {
  const page: PageText = { headings: [], sentences: [], rows: [], text: "" };
  const document = parse(html);
  visit(document, page);
  page.text = textOf(document);
  return page;
}

function visit(node: Node, page: PageText): void {
  if (/^(script|style)$/.test(node.nodeName)) return;
  if (/^h[1-6]$/.test(node.nodeName)) page.headings.push(textOf(node));
  if (node.nodeName === "p") page.sentences.push(...textOf(node).split(/(?<=[.!?])\s+/));
  if (node.nodeName === "tr") page.rows.push(childrenOf(node).filter(isCell).map(textOf));
  for (const child of childrenOf(node)) visit(child, page);
}

const isCell = (node: Node) => node.nodeName === "td" || node.nodeName === "th";
const childrenOf = (node: Node): Node[] => ("childNodes" in node ? node.childNodes : []);

function textOf(node: Node): string {
  const parts: string[] = [];
  collect(node, parts);
  return parts.join("").replaceAll(/\s+/g, " ").trim();
}

function collect(node: Node, parts: string[]): void {
  if (/^(script|style)$/.test(node.nodeName)) return;
  if ("value" in node && node.nodeName === "#text") parts.push(node.value);
  else for (const child of childrenOf(node)) collect(child, parts);
  if (/^(p|div|li|tr|td|th|h[1-6]|br|pre)$/.test(node.nodeName)) parts.push(" ");
}
