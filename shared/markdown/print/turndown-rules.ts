import TurndownService from "turndown";
import { PermanentError } from "#shared/errors.ts";
import { completeMarkdown } from "./complete-markdown.ts";
import { fencedCode, trimmedCode } from "./fenced-code.ts";
import {
  codeSpan,
  emphasis,
  imageAlt,
  joinLines,
  link,
  linkDestination,
  oneLine,
  strikeThrough,
} from "./inline-markdown.ts";
import { MARKS } from "./marks.ts";
import type { PlainElement } from "./plain-tree.ts";
import { cellMarkdown, nestedTable, tableMarkdown } from "./table-markdown.ts";

/** Twice the largest body: each of its characters escaped. Nested lists and quotes would add to each line at each level. */
const MAX_MARKDOWN_LENGTH = 48 * 1024 * 1024;

/** Millions of lines are joined in parts: one list of all would take many times their memory. */
const LINES_AT_A_TIME = 4096;

type Replacement = (content: string, node: PlainElement) => string;

const block = (markdown: string): string => (markdown === "" ? "\n\n" : `\n\n${markdown}\n\n`);
// Four spaces at the start would be code.
const paragraph: Replacement = (content, node) => {
  const text = content.trimStart();
  if (node.inLine) return `\n\n${text}\n\n`;
  if (node.attributes.partTitle) return `\n\n${text}${MARKS.titleEnd}\n\n`;
  return node.attributes.part
    ? block(`${MARKS.partStart}${text.trimEnd()}${MARKS.partEnd}`)
    : `\n\n${text}\n\n`;
};
const heading =
  (level: number): Replacement =>
  (content, node) => {
    // A "#" at the end would be read as the end of the heading.
    const text = oneLine(content).replace(/#$/, "\\#");
    if (text === "") return "\n\n";
    return node.inCell ? block(`<h${level}>${text}</h${level}>`) : block(`${"#".repeat(level)} ${text}`);
  };
const list: Replacement = (content, node) => {
  if (!node.inCell) {
    const text = content.trim();
    if (text === "" || node.parentNode?.nodeName !== "LI") return block(text);
    // Directly below text only a list that begins with 1 is a list; text directly below a list would belong to its last item.
    return `${(node.attributes.number ?? 1) === 1 ? "\n" : "\n\n"}${text}\n\n`;
  }
  const name = node.nodeName.toLowerCase();
  const first = node.attributes.number ?? 1;
  return block(`<${name}${first === 1 ? "" : ` start="${first}"`}>${joinLines(content, "")}</${name}>`);
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
    if (node.attributes.isMarkdown) return block(givenMarkdown(code, node));
    return block(node.inCell || node.inLine ? codeInLine(code, node) : fencedCode(code, language));
  },
  TABLE: (_content, node) =>
    block(node.inCell ? nestedTable(node) : node.inLine ? rowsInLine(node) : tableMarkdown(node)),
  TR: () => "",
  "X-HEAD-ROW": () => "",
  TD: cell,
  TH: cell,
  // Not dashes: after the dash of a list item they would be one rule together.
  HR: (_content, node) => (node.inCell ? block("<hr>") : block("***")),
  // Where it is white space at its own edge, Turndown has already written it.
  BR: (_content, node) => (node.flankingWhitespace?.leading ? "" : node.textContent),
  A: (content, node) => link(content, node.attributes.href ?? ""),
  IMG: (_content, node) =>
    `![${imageAlt(node.attributes.alt ?? "")}](${linkDestination(node.attributes.src ?? "")})`,
  STRONG: (content, node) => (isInHeading(node) ? content : emphasis(content, "**", node)),
  EM: (content, node) => emphasis(content, "*", node),
  DEL: strikeThrough,
  CODE: codeSpan,
  SUP: (content) => (content.trim() === "" ? content : `<sup>${content}</sup>`),
  SUB: (content) => (content.trim() === "" ? content : `<sub>${content}</sub>`),
};

/** Turndown with this project's rules: the nodes are those of the plain tree, text is escaped before (collapse-white-space.ts). */
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
  const { number = 1, label, task } = node.attributes;
  const labelled = label === undefined ? text : withLabel(label, text);
  const item = taskMark(task, labelled) + labelled;
  if (node.inCell) {
    const value = number === numberBefore(node) + 1 ? "" : ` value="${number}"`;
    return `<li${value}>${joinLines(item, "<br>")}</li>`;
  }
  const marker = node.parentNode?.nodeName === "OL" ? `${number}. ` : "- ";
  const indent = " ".repeat(marker.length);
  return `\n${marker}${prefixed(item, indent, { empty: "", first: false })}\n`;
}

/** The number of the previous item in a numbered list. */
function numberBefore(item: PlainElement): number {
  const own = item.attributes.number ?? 1;
  const list = item.parentNode;
  if (list?.nodeName !== "OL" || list.firstChild === item) return own - 1;
  for (let node = item.previousSibling; node; node = node.previousSibling) {
    if (node.nodeType === 1 && node.nodeName === "LI") return node.attributes.number ?? own - 1;
  }
  return own - 1;
}

const BLOCK_START = /^(?:#{1,6} |>|[-*+] |\d+[.)] |```|\||\*\*\*$)/m;

/** A label beside the text that it numbers; above a block that begins its own line. */
function withLabel(label: string, text: string): string {
  return BLOCK_START.test(firstLineOf(text)) ? `${label}.\n\n${text}` : `${label}. ${text}`;
}

function firstLineOf(text: string): string {
  return text.slice(0, text.indexOf("\n") + 1) || text;
}

/** GFM has tasks that begin with text only: before any other block the box is a character. */
function taskMark(task: string | undefined, text: string): string {
  if (task === undefined) return "";
  if (!BLOCK_START.test(firstLineOf(text))) return `[${task}] `;
  return task === "x" ? "☑\n\n" : "☐\n\n";
}

function blockQuote(content: string, node: PlainElement): string {
  const text = content.trim();
  if (text === "") return "\n\n";
  if (node.inCell) return block(`<blockquote>${joinLines(text, "<br>")}</blockquote>`);
  // The mark is a line of text, below which neither a table nor a list that begins with a number other than 1 may follow.
  const gap = /^(?:\||\d)/.test(text) ? ">\n" : "";
  const alert = node.attributes.alert ? `> [!${node.attributes.alert}]\n${gap}` : "";
  return block(alert + prefixed(text, "> ", { empty: ">", first: true }));
}

/** Puts `prefix` before each line that is not empty, and `empty` before those that are; the first line only if `first`. */
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

/** Code where no block is allowed. In a cell each line is a separate span, so that it can be copied unchanged. */
function codeInLine(code: string, node: PlainElement): string {
  if (!node.inCell) return codeSpan(oneLine(code));
  const lines = trimmedCode(code).split("\n");
  return lines.map((line) => (line.trim() === "" ? "" : codeSpan(line))).join("<br>");
}

/** Hand-written Markdown, in one line where no block is allowed. */
function givenMarkdown(markdown: string, node: PlainElement): string {
  if (node.inLine && !node.inCell) return oneLine(markdown);
  return node.inCell ? joinLines(markdown, "<br>") : completeMarkdown(markdown);
}

/** A table where only a line is allowed (in a heading, in a link): its cells in order. */
function rowsInLine(table: PlainElement): string {
  const cells: string[] = [];
  for (const row of table.childNodes) {
    if (row.nodeType === 3) continue;
    for (const tableCell of row.childNodes) if (tableCell.nodeType !== 3) cells.push(tableCell.markdown);
  }
  return cells.join(" ");
}
