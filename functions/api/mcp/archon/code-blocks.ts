import { closesFence, openedFence, type Fence } from "#shared/chunking/fences.ts";

export type CodeBlock = {
  /** As its fence names it; empty when it does not. */
  language: string;
  code: string;
  /** The last line of text before it; empty without one. */
  before: string;
};

/** The marks of quotes and the first mark of a list item. */
const MARKS = /^(?:[ \t]*>[ \t]?)*[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?/;

/** The fenced blocks of Markdown, without the indentation and the marks of the quote or list item that they stand in. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: Fence; width: number; lines: string[] } | null = null;
  let before = "";
  const end = () => {
    if (!open) return;
    const language = open.fence.opening.slice(open.fence.mark.length).trim().split(/\s/)[0] ?? "";
    blocks.push({ language, code: open.lines.join("\n"), before });
    open = null;
    before = "";
  };
  for (const line of markdown.split("\n")) {
    const marks = MARKS.exec(line)?.[0].length ?? 0;
    if (open) {
      const bare = line.slice(Math.min(open.width, marks));
      if (closesFence(open.fence, bare)) end();
      else open.lines.push(bare);
      continue;
    }
    const fence = openedFence(line.slice(marks));
    if (fence) open = { fence, width: marks, lines: [] };
    else if (line.trim() !== "") before = line.slice(marks).trim();
  }
  end();
  return blocks;
}
