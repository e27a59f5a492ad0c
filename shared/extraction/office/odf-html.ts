import type { OdfStyles } from "./odf-styles.ts";
import type { XmlElement } from "./read-xml.ts";
import { attributeOf, childrenOf, escapeHtml } from "./xml-tree.ts";

/** Deleted text, comments, notes of slides (read apart), declarations, and what has no text of the document. */
const LEFT_OUT = new Set([
  "tracked-changes",
  "annotation",
  "annotation-end",
  "notes",
  "note-citation",
  "ruby-text",
  "forms",
  "page-thumbnail",
  "title",
  "desc",
  "object",
  "image",
  "event-listeners",
  "sequence-decls",
]);
const DRAWN = new Set([
  "frame",
  "custom-shape",
  "rect",
  "ellipse",
  "circle",
  "line",
  "connector",
  "g",
  "text-box",
]);
const MOST_COLUMNS = 1000;
const MOST_SPACES = 100;

/** Where a list item is, for the mark of its list. */
type Place = { style: string; level: number; inCell: boolean };
const OUTSIDE: Place = { style: "", level: 0, inCell: false };

/** Elements of a text or a slide as HTML; footnotes are collected and follow by `notes`. */
export class OdfHtml {
  readonly #styles: OdfStyles;
  readonly #footnotes: string[] = [];

  constructor(styles: OdfStyles) {
    this.#styles = styles;
  }

  /** The footnotes and endnotes of everything that was converted so far, as a numbered list below a line. */
  get notes(): string {
    if (this.#footnotes.length === 0) return "";
    return `<hr><ol>${this.#footnotes.map((note) => `<li>${note}</li>`).join("")}</ol>`;
  }

  blocks(elements: readonly XmlElement[], place = OUTSIDE): string {
    return elements.map((element) => this.#block(element, place)).join("");
  }

  /** The content of a title, without blocks. */
  line(elements: readonly XmlElement[]): string {
    return this.blocks(elements)
      .replaceAll(/<\/?(?:p|ul|ol|li)>/g, " ")
      .trim();
  }

  #block(element: XmlElement, place: Place): string {
    if (LEFT_OUT.has(element.name)) return "";
    switch (element.name) {
      case "h":
        return this.#paragraph(
          element,
          `h${Math.min(Number(attributeOf(element, "text:outline-level")) || 1, 6)}`,
        );
      case "p":
        return this.#paragraph(
          element,
          this.#styles.isTitle(attributeOf(element, "text:style-name")) ? "h1" : "p",
        );
      case "list":
        return this.#list(element, place);
      case "table":
        return this.#table(element);
      default:
        return this.blocks(childrenOf(element), place);
    }
  }

  #paragraph(element: XmlElement, name: string): string {
    const after: string[] = [];
    const html = this.#inline(element, after);
    return `${html.trim() === "" ? "" : `<${name}>${html}</${name}>`}${after.join("")}`;
  }

  /** The text of a paragraph; boxes that are anchored in it are added to `after`, because a paragraph cannot hold them. */
  #inline(element: XmlElement, after: string[]): string {
    return element.children
      .map((node) => {
        if (typeof node === "string") return escapeHtml(node.replaceAll(/\s+/g, " "));
        if (LEFT_OUT.has(node.name)) return "";
        if (DRAWN.has(node.name)) {
          after.push(this.blocks(childrenOf(node)));
          return "";
        }
        if (node.name === "s")
          return " ".repeat(Math.min(Number(attributeOf(node, "text:c")) || 1, MOST_SPACES));
        if (node.name === "tab") return " ";
        if (node.name === "line-break") return "<br>";
        if (node.name === "note") return this.#note(node);
        const text = this.#inline(node, after);
        const address = node.name === "a" ? attributeOf(node, "xlink:href") : "";
        return /^(?:https?|mailto):/i.test(address) ? `<a href="${escapeHtml(address)}">${text}</a>` : text;
      })
      .join("");
  }

  #note(note: XmlElement): string {
    const body = childrenOf(note, "note-body")[0];
    const number = this.#footnotes.push("");
    this.#footnotes[number - 1] = this.blocks(childrenOf(body));
    return `[${number}]`;
  }

  #list(list: XmlElement, place: Place): string {
    const inner = {
      ...place,
      style: attributeOf(list, "text:style-name") || place.style,
      level: place.level + 1,
    };
    const mark = this.#styles.listMark(inner.style, inner.level);
    const items = childrenOf(list).map((item) => this.blocks(childrenOf(item), inner));
    // Presentations put each cell's text in a list of one item.
    if (mark === null || (place.inCell && items.length === 1)) return items.join("");
    return `<${mark}>${items.map((item) => `<li>${item}</li>`).join("")}</${mark}>`;
  }

  #table(table: XmlElement): string {
    const rows = tableRows(table).map((row, index) => {
      const name = index === 0 ? "th" : "td";
      const cells = childrenOf(row, "table-cell").map((cell) => {
        const content = this.blocks(childrenOf(cell), { ...OUTSIDE, inCell: true });
        const spans = `colspan="${count(cell, "table:number-columns-spanned")}" rowspan="${count(cell, "table:number-rows-spanned")}"`;
        const copies = content === "" ? count(cell, "table:number-columns-repeated") : 1;
        return `<${name} ${spans}>${content}</${name}>`.repeat(Math.min(copies, MOST_COLUMNS));
      });
      return `<tr>${cells.join("")}</tr>`;
    });
    return `<table>${rows.join("")}</table>`;
  }
}

/** The rows of a table with those in its header and groups. */
function tableRows(table: XmlElement): XmlElement[] {
  return childrenOf(table).flatMap((part) => {
    if (part.name === "table-row") return [part];
    return /^table-(?:header-rows|rows|row-group)$/.test(part.name) ? tableRows(part) : [];
  });
}

function count(cell: XmlElement, name: string): number {
  return Number.parseInt(attributeOf(cell, name), 10) || 1;
}
