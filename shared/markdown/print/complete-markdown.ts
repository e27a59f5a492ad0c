import { blockTree, type Block } from "#shared/chunking/block-tree.ts";
import { linePrefix } from "#shared/chunking/lines.ts";
import { trimmedCode } from "./fenced-code.ts";

/** HTML that continues to its own end, across empty lines (CommonMark, HTML blocks 1 to 5). */
const OPEN_HTML = /^ {0,3}<(?:(!--)|(\?)|(!\[CDATA\[)|(![a-zA-Z])|(script|pre|style|textarea)(?=[\s>]|$))/i;

/**
 * Completes hand-written Markdown: closes an unclosed fence and escapes unclosed HTML, which would otherwise swallow the rest of
 * the page.
 */
export function completeMarkdown(markdown: string): string {
  const text = trimmedCode(markdown).replace(/\u0000/g, "");
  const closed = text.includes("<") ? withoutOpenHtml(text) : text;
  return closed + closingFence(blockTree(closed).at(-1));
}

/** The end of the fence that is open where a block ends. */
function closingFence(block: Block | undefined): string {
  if (!block) return "";
  if (block.kind === "quote") return closingFence(block.children.at(-1));
  if (block.kind === "list") return closingFence(block.children.at(-1)?.children.at(-1));
  return block.fence && !block.isClosed ? `\n${linePrefix(block.container)}${block.fence.closing}` : "";
}

function withoutOpenHtml(markdown: string): string {
  const ends = new Map<string, number>();
  const lowerCase = markdown.toLowerCase();
  const isClosed = (end: string, from: number): boolean => {
    const last = ends.get(end) ?? lowerCase.lastIndexOf(end);
    ends.set(end, last);
    return last >= from;
  };
  let position = 0;
  return markdown
    .split("\n")
    .map((line) => {
      const from = position;
      position += line.length + 1;
      const [tag, comment, processing, cdata, declaration, element = ""] = OPEN_HTML.exec(line) ?? [];
      if (tag === undefined) return line;
      const end = comment
        ? "-->"
        : processing
          ? "?>"
          : cdata
            ? "]]>"
            : declaration
              ? ">"
              : `</${element.toLowerCase()}`;
      return isClosed(end, from + tag.length) ? line : line.replace("<", "\\<");
    })
    .join("\n");
}
