import { escapedCode } from "./fenced-code.ts";
import type { PlainElement, PlainNode } from "./plain-tree.ts";

/** Text between delimiters of emphasis; the delimiters are omitted where Markdown would show them literally. */
export function emphasis(content: string, delimiter: "*" | "**", node: PlainElement): string {
  return eachParagraph(content, (text) => emphasizedParagraph(text, delimiter, node) ?? text);
}

/** Text struck through. Where Markdown would show its delimiters it is HTML, because without them the meaning is reversed. */
export function strikeThrough(content: string, node: PlainElement): string {
  return eachParagraph(content, (text) => {
    const inner = text.trim();
    if (inner === "" || (BLOCK.test(inner) && holdsBlock(node))) return text;
    return emphasizedParagraph(text, "~~", node) ?? text.replace(inner, () => `<del>${inner}</del>`);
  });
}

function holdsBlock(node: PlainElement): boolean {
  return node.childNodes.some((inner) => inner.nodeType === 1 && (inner.isBlock || holdsBlock(inner)));
}

function eachParagraph(content: string, convert: (text: string) => string): string {
  return content
    .split(/(\n\s*\n)/)
    .map((part, index) => (index % 2 === 1 ? part : convert(part)))
    .join("");
}

/** What begins or contains a block cannot be emphasized as a whole. */
const BLOCK =
  /^(#{1,6} |>|[-*+] |\d+[.)] |```|~~~|\||<(ul|ol|table|pre|blockquote|h\d)\b)|\n(```|~~~|[-*+] |\d+[.)] |\|)/;

/** At most this much punctuation ends a phrase. */
const MAX_PUNCTUATION = 20;

/** The text between delimiters; null where Markdown would show them. */
function emphasizedParagraph(text: string, delimiter: string, node: PlainElement): string | null {
  const inner = text.trim();
  // Delimiters that touch those of the span before would be read as one run.
  if (touchesSpanBefore(node)) return null;
  if (inner === "" || BLOCK.test(inner)) return null;
  const start = text.indexOf(inner);
  const leading = text.slice(0, start);
  let trailing = text.slice(start + inner.length);
  let emphasized = inner;
  // A closing delimiter between punctuation and a letter closes nothing (CommonMark, "right-flanking"): `**Note:**text`.
  if (trailing === "" && isWord(edgeOf(node, "next"))) {
    const punctuation = /[^\\\])`*~>][:;,.!?]+$/.exec(emphasized.slice(-MAX_PUNCTUATION))?.[0].slice(1) ?? "";
    emphasized = emphasized.slice(0, emphasized.length - punctuation.length);
    trailing = punctuation;
    if (!isWord(emphasized.at(-1) ?? "")) return null;
  }
  const before = leading === "" ? edgeOf(node, "previous") : "";
  const startsWithWord = isWord(emphasized[0] ?? "");
  if (isWord(before) && !startsWithWord) return null;
  // Between two words, or two marks of punctuation, asterisks can close as well as open: they would end the emphasis around.
  const mayClose = before.trim() !== "" && isWord(before) === startsWithWord;
  if (mayClose && delimiter.startsWith("*") && isEmphasized(node)) return null;
  return `${leading}${delimiter}${emphasized}${delimiter}${trailing}`;
}

/** Whether another span of emphasis or code ends right where this one begins, whichever spans either stands in. */
function touchesSpanBefore(node: PlainElement): boolean {
  let place: PlainNode = node;
  while (place.previousSibling === null || isEmptyText(place.previousSibling)) {
    const before: PlainNode | null = place.previousSibling ?? place.parentNode;
    if (before === null || (place.previousSibling === null && !SPAN.test(before.nodeName))) return false;
    place = before;
  }
  for (
    let last: PlainNode | null = place.previousSibling;
    last !== null && last.nodeType === 1;
    last = last.lastChild
  ) {
    if (/^(STRONG|EM|DEL|CODE)$/.test(last.nodeName)) return true;
  }
  return false;
}

const SPAN = /^(STRONG|EM|DEL|A|SUP|SUB)$/;

/** Whether a span is inside emphasis. */
function isEmphasized(node: PlainElement): boolean {
  for (let parent = node.parentNode; parent && SPAN.test(parent.nodeName); parent = parent.parentNode) {
    if (parent.nodeName === "STRONG" || parent.nodeName === "EM") return true;
  }
  return false;
}

function isEmptyText(node: PlainNode): boolean {
  return node.nodeType === 3 && node.nodeValue === "";
}

/** The character right before or after a span, looking out of the spans around it; empty when there is none. */
function edgeOf(node: PlainElement, side: "next" | "previous"): string {
  let place: PlainNode = node;
  for (;;) {
    const sibling: PlainNode | null = side === "next" ? place.nextSibling : place.previousSibling;
    if (sibling) {
      if (sibling.nodeType !== 3) return sibling.isBlock || sibling.nodeName === "BR" ? "" : "x";
      if (sibling.nodeValue !== "")
        return (side === "next" ? sibling.nodeValue[0] : sibling.nodeValue.at(-1)) ?? "";
      place = sibling;
      continue;
    }
    const parent: PlainElement | null = place.parentNode;
    if (!parent || !SPAN.test(parent.nodeName)) return "";
    place = parent;
  }
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}]/u.test(character);
}

/** Code in a line, between as many backticks as it needs. */
export function codeSpan(code: string, node?: PlainElement): string {
  const text = code.replace(/[\r\n]+/g, " ");
  if (text.trim() === "") return text === "" ? "" : " ";
  // Backticks of two spans side by side would be read as one fence.
  // A link that begins with code containing `]:` would be read as a reference definition.
  const isDefinition = text.includes("]:") && node?.inLine;
  if (isDefinition || (node && touchesSpanBefore(node))) return `<code>${escapedCode(text)}</code>`;
  let fence = "`";
  const runs = new Set(text.match(/`+/g));
  while (runs.has(fence)) fence += "`";
  const padding =
    text.startsWith("`") || text.endsWith("`") || (text.startsWith(" ") && text.endsWith(" ")) ? " " : "";
  return `${fence}${padding}${text}${padding}${fence}`;
}

/** A link destination that Markdown parses back unchanged. */
export function linkDestination(href: string): string {
  const encoded = href.trim().replace(/[\s<>\\|]/g, (character) => encodeURIComponent(character));
  return isBalanced(encoded) ? encoded : encoded.replace(/\(/g, "%28").replace(/\)/g, "%29");
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    else if (character === ")" && --depth < 0) return false;
  }
  return depth === 0 && !/\([^)]*\(/.test(text);
}

/** A link; its text on one line, an address that is its own text as an autolink. White space at its edges stays outside. */
export function link(content: string, href: string): string {
  const destination = linkDestination(href);
  const text = oneLine(content);
  if (text === "") return content === "" ? "" : " ";
  const leading = content.startsWith(text[0] ?? "") ? "" : " ";
  const trailing = content.endsWith(text.at(-1) ?? "") ? "" : " ";
  return `${leading}${linkTo(text, destination)}${trailing}`;
}

function linkTo(text: string, destination: string): string {
  const plain = text.replace(/\\(?=[!-/:-@[-`{-~])/g, "");
  if (plain === destination && /^https?:\/\/[^\s<>*`%]+$/.test(destination)) return `<${destination}>`;
  return `[${text}](${destination})`;
}

/** The text of blocks in one line, with a space at each end of a line. */
export function oneLine(markdown: string): string {
  return joinLines(markdown, " ");
}

/** Lines that are not empty, without the white space around them. */
export function joinLines(markdown: string, separator: string): string {
  if (!markdown.includes("\n")) return markdown.trim();
  return markdown
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(separator);
}

/** An alternative text, escaped for `![…]`. */
export function imageAlt(alt: string): string {
  return oneLine(alt).replace(/[\\[\]`*_<]/g, "\\$&");
}
