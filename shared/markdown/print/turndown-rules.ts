import TurndownService from "turndown";
import { PermanentError } from "#shared/errors.ts";
import { codeInCell, fencedCode } from "./fenced-code.ts";
import {
  codeSpan,
  emphasis,
  imageAlt,
  joinLines,
  link,
  linkDestination,
  oneLine,
} from "./inline-markdown.ts";
import type { PlainElement } from "./plain-tree.ts";
import { cellMarkdown, nestedTable, tableMarkdown } from "./table-markdown.ts";

/** Twice the largest body: each of its characters escaped. Lists and quotes in each other would add to each line at each level. */
const MAX_MARKDOWN_LENGTH = 48 * 1024 * 1024;

/** Millions of lines are joined in parts: one list of them all would take many times their memory. */
const LINES_AT_A_TIME = 4096;

type Replacement = (content: string, node: PlainElement) => string;

const block = (markdown: string): string => (markdown === "" ? "\n\n" : `\n\n${markdown}\n\n`);
// Four spaces at the start would be code.
const paragraph: Replacement = (content) => `\n\n${content.trimStart()}\n\n`;
const heading =
  (level: number): Replacement =>
  (content, node) => {
    // A "#" at the end would be taken for the end of the heading.
    const text = oneLine(content).replace(/#$/, "\\#");
    if (text === "") return "\n\n";
    return node.inCell ? block(`<h${level}>${text}</h${level}>`) : block(`${"#".repeat(level)} ${text}`);
  };
const list: Replacement = (content, node) => {
  if (!node.inCell) {
    const text = content.trim();
    if (text === "" || node.parentNode?.nodeName !== "LI") return block(text);
    // Right below text only a list that begins with 1 is one; text right below a list would belong to its last item.
    return `${(node.attributes.start ?? 1) === 1 ? "\n" : "\n\n"}${text}\n\n`;
  }
  const name = node.nodeName.toLowerCase();
  return block(`<${name}>${joinLines(content, "")}</${name}>`);
};
const cell: Replacement = (content, node) => {
  node.markdown = cellMarkdown(content, node.inCell);
  return "";
};

const REPLACEMENTS: Record<string, Replacement> = {
  P: paragraph,
  DIV: paragraph,
  DD: paragraph,
  DT: paragraph,
  H1: heading(1),
  H2: heading(2),
  H3: heading(3),
  H4: heading(4),
  H5: heading(5),
  H6: heading(6),
  UL: list,
  OL: list,
  LI: listItem,
  BLOCKQUOTE: blockQuote,
  PRE: (_content, node) => {
    const code = node.childNodes.map((text) => (text.nodeType === 3 ? text.nodeValue : "")).join("");
    const language = node.attributes.language ?? "";
    return block(node.inCell || node.inLine ? codeInLine(code, language, node) : fencedCode(code, language));
  },
  TABLE: (_content, node) =>
    block(node.inCell ? nestedTable(node) : node.inLine ? rowsInLine(node) : tableMarkdown(node)),
  TR: () => "",
  "X-HEAD-ROW": () => "",
  TD: cell,
  TH: cell,
  // Not dashes: after the dash of a list item they would be one rule together.
  HR: (_content, node) => (node.inCell ? block("<hr>") : block("***")),
  // Where it is white space at the edge of itself, Turndown has written it already.
  BR: (_content, node) => (node.flankingWhitespace?.leading ? "" : node.textContent),
  A: (content, node) => link(content, node.attributes.href ?? ""),
  IMG: (_content, node) =>
    `![${imageAlt(node.attributes.alt ?? "")}](${linkDestination(node.attributes.src ?? "")})`,
  STRONG: (content, node) => (isInHeading(node) ? content : emphasis(content, "**", node)),
  EM: (content, node) => emphasis(content, "*", node),
  DEL: (content, node) => emphasis(content, "~~", node),
  CODE: codeSpan,
  SUP: (content) => (content.trim() === "" ? content : `<sup>${content}</sup>`),
  SUB: (content) => (content.trim() === "" ? content : `<sub>${content}</sub>`),
};

/** Turndown with our rules: the nodes are those of the plain tree, text is escaped before (collapse-white-space.ts). */
export function markdownOfTree(root: PlainElement): string {
  return TURNDOWN.turndown(root);
}

const TURNDOWN = turndownService();

function turndownService(): TurndownService {
  const service = new TurndownService({
    preformattedCode: true,
    blankReplacement: (_content, node) => blankNode(node),
  });
  service.escape = (text) => text;
  service.addRule("plain-tree", {
    filter: () => true,
    replacement: (content, node) => {
      const element: PlainElement = node;
      const markdown = REPLACEMENTS[element.nodeName]?.(content, element) ?? content;
      if (Math.max(markdown.length, element.markdown.length) > MAX_MARKDOWN_LENGTH) {
        throw tooLarge();
      }
      return markdown;
    },
  });
  return service;
}

function blankNode(node: PlainElement): string {
  if (node.nodeName === "LI") return "";
  if (node.isBlock) return "\n\n";
  return node.textContent === "" ? "" : " ";
}

function isInHeading(node: PlainElement): boolean {
  for (let parent = node.parentNode; parent; parent = parent.parentNode) {
    if (/^H[1-6]$/.test(parent.nodeName)) return true;
  }
  return false;
}

function listItem(content: string, node: PlainElement): string {
  const text = content.trim();
  if (text === "") return "";
  const task = taskMark(node.attributes.task, text);
  if (node.inCell) return `<li>${task}${joinLines(text, "<br>")}</li>`;
  const marker = node.parentNode?.nodeName === "OL" ? `${itemNumber(node)}. ` : "- ";
  const indent = " ".repeat(marker.length);
  return `\n${marker}${prefixed(task + text, indent, { empty: "", first: false })}\n`;
}

const BLOCK_START = /^(?:#{1,6} |>|[-*+] |\d+[.)] |```|\||\*\*\*$)/m;

/** GFM has tasks that begin with text only: before any other block the box is a character. */
function taskMark(task: string | undefined, text: string): string {
  if (task === undefined) return "";
  const firstLine = text.slice(0, text.indexOf("\n") + 1) || text;
  if (!BLOCK_START.test(firstLine)) return `[${task}] `;
  return task === "x" ? "☑\n\n" : "☐\n\n";
}

function itemNumber(item: PlainElement): number {
  const listElement = item.parentNode;
  if (!listElement) return 1;
  const number = (listElement.attributes.start ?? 1) + listElement.items;
  listElement.items++;
  return number;
}

function blockQuote(content: string, node: PlainElement): string {
  const text = content.trim();
  if (text === "") return "\n\n";
  if (node.inCell) return block(`<blockquote>${joinLines(text, "<br>")}</blockquote>`);
  // Neither a table nor a list that begins with another number than 1 may follow a line of text, which the mark is.
  const gap = /^(?:\||\d)/.test(text) ? ">\n" : "";
  const alert = node.attributes.alert ? `> [!${node.attributes.alert}]\n${gap}` : "";
  return block(alert + prefixed(text, "> ", { empty: ">", first: true }));
}

/** Puts `prefix` before each line that is not empty, and `empty` before those that are; the first line only if asked to. */
function prefixed(text: string, prefix: string, { empty, first }: { empty: string; first: boolean }): string {
  let result = "";
  let lines: string[] = [];
  for (let start = 0; start <= text.length;) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    if (start === 0 && !first) lines.push(text.slice(0, end));
    else lines.push(end === start ? empty : prefix + text.slice(start, end));
    start = end + 1;
    if (lines.length < LINES_AT_A_TIME && start <= text.length) continue;
    result += start <= text.length ? `${lines.join("\n")}\n` : lines.join("\n");
    lines = [];
    if (result.length > MAX_MARKDOWN_LENGTH) throw tooLarge();
  }
  return result;
}

function tooLarge(): PermanentError {
  return new PermanentError("body_too_complex", "The page's Markdown would be larger than 48 MB");
}

function codeInLine(code: string, language: string, node: PlainElement): string {
  return node.inCell ? codeInCell(code, language) : codeSpan(oneLine(code));
}

/** A table where only a line may stand (in a heading, in a link): its cells, one after the other. */
function rowsInLine(table: PlainElement): string {
  const cells: string[] = [];
  for (const row of table.childNodes) {
    if (row.nodeType === 3) continue;
    for (const tableCell of row.childNodes) if (tableCell.nodeType !== 3) cells.push(tableCell.markdown);
  }
  return cells.join(" ");
}
