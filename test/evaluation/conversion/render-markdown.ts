import MarkdownIt from "markdown-it";
import { readHtml, type Tree } from "./page-tree.ts";

const renderer = new MarkdownIt({ html: true, linkify: false });

/** Markdown as a CommonMark and GFM renderer shows it; the marks of alerts (`[!NOTE]`) and tasks (`[x]`) are not text. */
export function renderMarkdown(markdown: string): Tree {
  const source = markdown.replace(/^([\s>]*(?:(?:[-*+]|\d+\.) )+|.*?<li>)\[[ x]\] /gm, "$1");
  const html = renderer
    .render(source)
    .replace(/(<blockquote>\s*<p>)\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*/g, "$1");
  return readHtml(html);
}
