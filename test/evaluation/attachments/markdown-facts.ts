import { textOf } from "#test/evaluation/conversion/page-facts.ts";
import type { Tree } from "#test/evaluation/conversion/page-tree.ts";
import { renderMarkdown } from "#test/evaluation/conversion/render-markdown.ts";

/** What a renderer shows of a file's Markdown: its text, and what of it is a table's row, a heading, an item of a list. */
export type MarkdownFacts = { text: string; rows: string[][]; headings: string[]; listItems: string[] };

/** So many elements within one another are not rendered: the text is the Markdown's. */
const DEEPEST = 500;

export function markdownFacts(markdown: string): MarkdownFacts {
  const facts: MarkdownFacts = { text: plain(markdown), rows: [], headings: [], listItems: [] };
  if (/[<>]{500}|(<\w+>\s*){500}/.test(markdown)) return facts;
  const root = renderMarkdown(markdown);
  collect(root, facts, 0);
  facts.text = plain(textOf(root));
  return facts;
}

function collect(node: Tree, facts: MarkdownFacts, depth: number): void {
  if (depth > DEEPEST) return;
  if (/^h[1-6]$/.test(node.name)) facts.headings.push(plain(textOf(node)));
  if (node.name === "tr") facts.rows.push(elements(node).map((cell) => plain(textOf(cell))));
  if (node.name === "li") {
    const own = node.children.filter((child) => typeof child === "string" || !/^[uo]l$/.test(child.name));
    facts.listItems.push(plain(own.map(textOf).join("")));
  }
  for (const child of elements(node)) collect(child, facts, depth + 1);
}

function elements(node: Tree): Tree[] {
  return node.children.filter((child) => typeof child !== "string");
}

/** Text as the rules of the folder compare it: NFKC, one blank, without soft hyphens and hyphens at a line's end. */
export function plain(text: string): string {
  return text
    .replace(/\u00AD/g, "")
    .replace(/(\p{Ll})-\n\s*(?=\p{Ll})/gu, "$1")
    .normalize("NFKC")
    .replace(/\s+/g, " ")
    .trim();
}
