import { escapeMarkdown } from "./escape-markdown.ts";
import type { PlainElement, PlainNode, PlainText } from "./plain-tree.ts";

const BLOCKS = new Set(
  "ADDRESS BLOCKQUOTE BODY DD DIV DL DT FIGURE H1 H2 H3 H4 H5 H6 HR LI OL P PRE TABLE TBODY TD TH TR UL X-HEAD-ROW X-PAGE".split(
    " ",
  ),
);
const IN_LINE = new Set(["H1", "H2", "H3", "H4", "H5", "H6", "A"]);

const UNCOLLAPSED = /[\t\r\n\f\u00a0]| {2}/;

/** The current position in the tree. */
type Place = { inCell: boolean; inLine: boolean; inCode: boolean; inLink: boolean };

/** A text of the current line, to be escaped when the line is complete. */
type Piece = { node: PlainText; text: string; startsLine: boolean; place: Place };

const ENDS_IN_WORD = /[\p{L}\p{N})\]]$/u;
const STARTS_WITH_WORD = /^[\p{L}\p{N}@]/u;

/**
 * Prepares the tree for Turndown in one pass: collapses white space as a browser does, escapes text as Markdown except in code,
 * links siblings, and marks each element that is in a table cell or in a line.
 */
export function collapseWhiteSpace(root: PlainElement): void {
  const line = new Line();
  visit(root, { inCell: false, inLine: false, inCode: false, inLink: false }, line);
  line.end();
}

function visit(parent: PlainElement, place: Place, line: Line): void {
  let previous: PlainNode | null = null;
  for (const node of parent.childNodes) {
    node.previousSibling = previous;
    if (previous) previous.nextSibling = node;
    previous = node;
    if (node.nodeType === 3) line.add(node, place);
    else visitElement(node, place, line);
  }
}

function visitElement(element: PlainElement, place: Place, line: Line): void {
  const name = element.nodeName;
  element.inCell = place.inCell;
  element.inLine = place.inLine;
  if (name === "PRE") {
    element.isBlock = true;
    line.end();
    for (const text of element.childNodes) if (text.nodeType === 3) text.textContent = "x";
    return;
  }
  if (name === "BR") {
    line.break(element);
    return;
  }
  if (name === "IMG") {
    line.image();
    return;
  }
  const isBlock = BLOCKS.has(name);
  // Turndown does this itself, but only for nodes that it has visited.
  element.isBlock = isBlock;
  if (isBlock) line.end();
  visit(element, placeInside(name, place), line);
  if (isBlock) line.end();
}

function placeInside(name: string, place: Place): Place {
  const isCell = name === "TD" || name === "TH";
  if (!isCell && !IN_LINE.has(name) && name !== "CODE") return place;
  return {
    inCell: place.inCell || isCell,
    inLine: place.inLine || IN_LINE.has(name),
    inCode: place.inCode || name === "CODE",
    inLink: place.inLink || name === "A",
  };
}

class Line {
  #pieces: Piece[] = [];
  #startsLine = true;
  #lastBreak: PlainElement | null = null;
  /** White space here would be visible: the text before it on the line does not end in a space. */
  #spaceCounts = false;

  /** State after the previous piece: it ends in a word, which continues unless an edge follows. */
  #edge: Piece | null = null;
  #endsInWord = false;

  add(node: PlainText, place: Place): void {
    if (node.isEdge) {
      const piece = { node, text: "", startsLine: this.#startsLine, place };
      this.#pieces.push(piece);
      if (this.#endsInWord) this.#edge = piece;
      return;
    }
    // A no-break space has no meaning in a chunk, and hides words from a search.
    let text = node.nodeValue;
    if (UNCOLLAPSED.test(text)) text = text.replace(/[ \t\r\n\f\u00a0]+/g, " ");
    if (!this.#spaceCounts && text.startsWith(" ")) text = text.slice(1);
    this.#pieces.push({ node, text, startsLine: this.#startsLine, place });
    if (text === "") return;
    if (this.#edge && STARTS_WITH_WORD.test(text)) this.#edge.text = " ";
    this.#edge = null;
    if (text !== " ") this.interrupt();
    this.#spaceCounts = !text.endsWith(" ");
    this.#endsInWord = ENDS_IN_WORD.test(text.slice(-2));
  }

  /** Pieces followed by an image on the line. */
  #beforeImage = 0;

  image(): void {
    this.interrupt();
    this.#beforeImage = this.#pieces.length;
  }

  /** A piece next to which white space is kept. */
  interrupt(): void {
    this.#lastBreak = null;
    this.#startsLine = false;
    this.#spaceCounts = true;
    this.#edge = null;
    this.#endsInWord = false;
  }

  /** A line break; two in a row end a paragraph, those at the edges of a block are dropped. */
  break(element: PlainElement): void {
    const lastBreak = this.#lastBreak;
    const isFirst = this.#startsLine && lastBreak === null;
    this.#endLine();
    if (lastBreak) lastBreak.markdown = "\n\n";
    else if (!isFirst) {
      element.markdown = "  \n";
      this.#lastBreak = element;
    }
  }

  end(): void {
    if (this.#lastBreak) this.#lastBreak.markdown = "";
    this.#lastBreak = null;
    this.#endLine();
  }

  #endLine(): void {
    const pieces = this.#pieces;
    for (let index = pieces.length - 1; index >= this.#beforeImage; index--) {
      const piece = pieces[index];
      if (!piece || piece.text === "") continue;
      piece.text = piece.text.trimEnd();
      if (piece.text !== "") break;
    }
    for (const [index, { node, text, startsLine, place }] of pieces.entries()) {
      node.textContent = edges(text);
      const last = index === pieces.length - 1 && index >= this.#beforeImage;
      node.nodeValue = place.inCode
        ? text
        : escapeMarkdown(text, {
            startsLine: startsLine && !place.inLine,
            endsLine: last,
            inLink: place.inLink,
            inCell: place.inCell,
          });
    }
    this.#pieces = [];
    this.#beforeImage = 0;
    this.#startsLine = true;
    this.#spaceCounts = false;
    this.#edge = null;
    this.#endsInWord = false;
  }
}

function edges(text: string): string {
  if (text.trim() === "") return text;
  return `${text.startsWith(" ") ? " " : ""}x${text.endsWith(" ") ? " " : ""}`;
}
