/**
 * The tree that Turndown converts: plain HTML elements only, whatever vocabulary the body came in. It has just the properties
 * that Turndown reads of a DOM, in constant time each. `textContent` is therefore not the text: Turndown only asks it for
 * white space at the edges and for "is there anything at all", so the middle is one letter.
 */
export type PlainNode = PlainElement | PlainText;

/** What Turndown writes on nodes; declared so that all nodes have one shape. */
class TurndownMarks {
  isBlock = false;
  isCode = false;
  isBlank = false;
  flankingWhitespace: { leading: string; trailing: string } | null = null;
  parentNode: PlainElement | null = null;
  previousSibling: PlainNode | null = null;
  nextSibling: PlainNode | null = null;
}

/** Text. As `edge`, the end of a box or lozenge: a space, if there would else be one word. */
export class PlainText extends TurndownMarks {
  readonly nodeType = 3;
  readonly nodeName = "#text";
  /** Markdown of the text once white space is collapsed (collapse-white-space.ts); before that, the text. */
  nodeValue: string;
  textContent = "";
  readonly isEdge: boolean;

  constructor(text: string, isEdge = false) {
    super();
    this.nodeValue = text;
    this.isEdge = isEdge;
  }
}

/** Names of attributes that the plain tree uses beside HTML's own. */
export type PlainAttributes = {
  href?: string;
  src?: string;
  alt?: string;
  title?: string;
  /** Language of a code block. */
  language?: string;
  /** The code block is none, but Markdown to be taken over. */
  isMarkdown?: boolean;
  /** The block is a part of the page, whose title is its first paragraph if that is a `partTitle`. */
  part?: boolean;
  partTitle?: boolean;
  /** GFM alert kind of a blockquote. */
  alert?: string;
  /** `x` or a space: the list item is a task. */
  task?: string;
  /** Of a numbered list, the number of its first item; of an item of one, its number. */
  number?: number;
  /** What stands before an item instead of a number that Markdown has: `b`, `iv`. */
  label?: string;
  colspan?: number;
  rowspan?: number;
};

export class PlainElement extends TurndownMarks {
  readonly nodeType = 1;
  readonly nodeName: string;
  readonly attributes: PlainAttributes;
  childNodes: PlainNode[] = [];
  /** Inside a table cell, where Markdown has one line only. */
  inCell = false;
  /** Inside a heading or link, where Markdown has no blocks. */
  inLine = false;
  /** Of a table cell, what it was converted to, for the rule of its table; of a line break, what it becomes. */
  markdown = "";
  #isMeaningful: boolean | null = null;
  #textContent: string | null = null;

  constructor(nodeName: string, attributes: PlainAttributes = {}) {
    super();
    this.nodeName = nodeName;
    this.attributes = attributes;
  }

  append(node: PlainNode): void {
    node.parentNode = this;
    this.childNodes.push(node);
  }

  get firstChild(): PlainNode | null {
    return this.childNodes[0] ?? null;
  }

  get lastChild(): PlainNode | null {
    return this.childNodes.at(-1) ?? null;
  }

  /** White space at the edges as it is, anything between as one letter (see above). */
  get textContent(): string {
    if (this.nodeName === "BR") return this.inLine && this.markdown !== "" ? " " : this.markdown;
    this.#textContent ??= edges(this.childNodes);
    return this.#textContent;
  }

  /**
   * Turndown asks, one name after the other, whether an element without text holds any of those that make it worth keeping;
   * so the answer is the same for all of them, found once.
   */
  getElementsByTagName(_name: string): { length: number } {
    this.#isMeaningful ??= this.childNodes.some(
      (node) =>
        node.nodeType === 1 && (WORTH_KEEPING.has(node.nodeName) || node.getElementsByTagName("").length > 0),
    );
    return { length: this.#isMeaningful ? 1 : 0 };
  }
}

/** Those of Turndown's void and "meaningful when blank" elements that occur in a plain tree. */
const WORTH_KEEPING = new Set(["A", "BR", "HR", "IMG", "TABLE", "TD", "TH"]);

function edges(nodes: readonly PlainNode[]): string {
  let leading = "";
  let seen = false;
  for (const node of nodes) {
    const text = node.textContent;
    if (text === "") continue;
    const trimmed = text.trimStart();
    leading += text.slice(0, text.length - trimmed.length);
    if (trimmed !== "") {
      seen = true;
      break;
    }
  }
  if (!seen) return leading;
  let trailing = "";
  for (let index = nodes.length - 1; index >= 0; index--) {
    const text = nodes[index]?.textContent ?? "";
    const trimmed = text.trimEnd();
    trailing = text.slice(trimmed.length) + trailing;
    if (trimmed !== "") break;
  }
  return `${leading}x${trailing}`;
}

/** The root as Turndown takes it: already collapsed, so it has no first child to collapse from, and is not copied. */
export class PlainRoot extends PlainElement {
  constructor() {
    super("X-PAGE");
  }
  cloneNode(): this {
    return this;
  }
  override get firstChild(): null {
    return null;
  }
}
