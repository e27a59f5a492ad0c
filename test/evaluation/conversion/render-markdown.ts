import MarkdownIt from "markdown-it";
import { readHtml, type Tree } from "./page-tree.ts";

const renderer = new MarkdownIt({ html: true, linkify: false });

/** GFM's mark of a task is not text. Only the first thing of a list item is one: in code, `1. [x] a` stays as it is. */
renderer.core.ruler.before("inline", "task_marks", ({ tokens }) => {
  for (const [at, token] of tokens.entries()) {
    // HTML numbers the items of a list itself; what Markdown says is what its readers see.
    if (token.type === "list_item_open" && token.info !== "") token.attrSet("data-number", token.info);
    const opensItem = tokens[at - 1]?.type === "paragraph_open" && tokens[at - 2]?.type === "list_item_open";
    if (token.type === "inline" && opensItem) token.content = token.content.replace(/^\[[ x]\] /, "");
    if (token.type === "inline" || token.type === "html_block") {
      token.content = token.content.replace(/<li>\[[ x]\] /g, "<li>"); // A list within a cell is HTML.
    }
  }
});

/** Markdown as a CommonMark and GFM renderer shows it; the marks of alerts (`[!NOTE]`) and tasks (`[x]`) are not text. */
export function renderMarkdown(markdown: string): Tree {
  const html = renderer
    .render(markdown)
    .replace(/(<blockquote>\s*<p>)\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*/g, "$1");
  return readHtml(html);
}
