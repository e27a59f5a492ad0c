/**
 * The tree that Turndown converts: only plain HTML elements, whatever the body's vocabulary. It has just the DOM properties that
 * Turndown reads, each in constant time. `textContent` is therefore not the text: Turndown only checks it for white space at the
 * edges and for being empty, so the middle is one letter.
 */
export type PlainNode = PlainElement | PlainText;

/** Properties that Turndown writes to nodes; declared so that all nodes have one shape. */
class TurndownMarks {
  isBlock = false;
  isCode = false;
  isBlank = false;
  flankingWhitespace: { leading: string; trailing: string } | null = null;
  parentNode: PlainElement | null = null;
  previousSibling: PlainNode | null = null;
  nextSibling: PlainNode | null = null;
}

/** Text. As `edge`, the end of a box or lozenge: a space, if words would otherwise be joined. */
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

/** Attribute names that the plain tree uses besides HTML's own. */
export type PlainAttributes = {
  href?: string;
  src?: string;
  alt?: string;
  title?: string;
  /** Language of a code block. */
  language?: string;
  /** The code block is Markdown to be copied. */
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
  /** Label of an item instead of a number: `b`, `iv`. */
  label?: string;
  colspan?: number;
  rowspan?: number;
};

export class PlainElement extends TurndownMarks {
  readonly nodeType = 1;
  readonly nodeName: string;
  readonly attributes: PlainAttributes;
  childNodes: PlainNode[] = [];
  /** Inside a table cell, where Markdown has only one line. */
  inCell = false;
  /** Inside a heading or link, where Markdown has no blocks. */
  inLine = false;
  /** Of a table cell, its Markdown, for the rule of its table; of a line break, its replacement. */
  markdown = "";
  /** Of a list, the item that its next child follows. */
  #item: PlainElement | null = null;
  #isMeaningful: boolean | null = null;
  #textContent: string | null = null;

  constructor(nodeName: string, attributes: PlainAttributes = {}) {
    super();
    this.nodeName = nodeName;
    this.attributes = attributes;
  }

  /** Adds a child; to a list, a list directly inside it as part of the item before it, below which browsers show it. */
  append(node: PlainNode): void {
    if (isList(this)) {
      if (isList(node) && this.#item) return this.#item.append(node);
      if (node.nodeType === 1) this.#item = node.nodeName === "LI" ? node : null;
      else if (node.nodeValue.trim() !== "") this.#item = null;
    }
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
   * Turndown asks for each of the elements that make an element without text worth keeping whether it contains one; the result is
   * the same for all and computed once.
   */
  getElementsByTagName(_name: string): { length: number } {
    this.#isMeaningful ??= this.childNodes.some(
      (node) =>
        node.nodeType === 1 && (WORTH_KEEPING.has(node.nodeName) || node.getElementsByTagName("").length > 0),
    );
    return { length: this.#isMeaningful ? 1 : 0 };
  }
}

function isList({ nodeName }: PlainNode): boolean {
  return nodeName === "UL" || nodeName === "OL";
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
