import {
  attribute,
  descendants,
  type MarkupElement,
  type MarkupNode,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { type PlainAttributes, PlainElement, PlainText } from "./plain-tree.ts";

/** Elements that have no effect inside themselves, and can be merged with an adjacent one. */
const MERGED = new Set(["STRONG", "EM", "DEL", "CODE"]);

/** Converts one element of a body into `target`, by the methods of the builder. */
export type ConvertElement = (element: MarkupElement, target: PlainElement, build: PlainTreeBuilder) => void;

/** Builds the plain tree from a parsed body: one method per kind of content; `convertElement` decides which. */
export class PlainTreeBuilder {
  readonly resolver: ReferenceResolver;
  readonly #convertElement: ConvertElement;
  /** Spans that are open at the current position. */
  readonly #open = new Set<string>();

  constructor(options: { resolver: ReferenceResolver; convertElement: ConvertElement }) {
    this.resolver = options.resolver;
    this.#convertElement = options.convertElement;
  }

  /** Converts nodes of the body into `target`. */
  append(nodes: readonly MarkupNode[], target: PlainElement): void {
    for (const node of nodes) {
      if (typeof node === "string") this.text(node, target);
      else this.#convertElement(node, target, this);
    }
  }

  /** Adds text that the body itself shows, or the text of a macro's parameter that Confluence shows (a title, a status). */
  text(text: string, target: PlainElement): void {
    if (text === "") return;
    if (this.#open.has("CODE")) mergedChild("CODE", target).append(new PlainText(text));
    else target.append(new PlainText(text));
  }

  /** Adds a box or lozenge: separated from words around it, but not from punctuation. */
  apart(target: PlainElement, add: () => void): void {
    target.append(new PlainText("", true));
    add();
    target.append(new PlainText("", true));
  }

  /** Adds an element with converted content. */
  element(
    name: string,
    nodes: readonly MarkupNode[],
    target: PlainElement,
    attributes: PlainAttributes = {},
  ): PlainElement {
    const element = new PlainElement(name, attributes);
    target.append(element);
    this.append(nodes, element);
    return element;
  }

  /** Adds a span of emphasis, strike-through or code; ignored inside one of its kind, joined with one right before it. */
  span(name: string, nodes: readonly MarkupNode[], target: PlainElement): void {
    // Code has no emphasis; but struck-out code must stay struck out.
    if (this.#open.has(name) || (this.#open.has("CODE") && name !== "DEL")) {
      this.append(nodes, target);
      return;
    }
    this.#open.add(name);
    // Code is put around each piece of text, so that a link inside code stays a link.
    this.append(nodes, name === "CODE" ? target : mergedChild(name, target));
    this.#open.delete(name);
  }

  /** Adds a link; a link inside a link, without a target, or with a target that is not a URL, becomes its text. */
  link(href: string | null, nodes: readonly MarkupNode[], target: PlainElement): void {
    if (href === null || href === "" || href.length > LONGEST_ADDRESS || this.#open.has("A")) {
      this.append(nodes, target);
      return;
    }
    this.#open.add("A");
    const link = new PlainElement("A", { href });
    this.append(nodes, link);
    // An empty one would separate what belongs together, such as two pieces of code.
    if (link.firstChild) target.append(link);
    this.#open.delete("A");
  }

  /** Adds verbatim text as a block of code. */
  codeBlock(code: string, language: string, target: PlainElement): void {
    const element = new PlainElement("PRE", { language });
    element.append(new PlainText(withoutLongWhiteSpace(code)));
    target.append(element);
  }

  /** Adds the text of an element as a block of code, and its links below it, because Markdown has no links in code. */
  preformatted(element: MarkupElement, language: string, target: PlainElement): void {
    this.codeBlock(textOf(element), language, target);
    const links = [...descendants(element)].filter((inner) => {
      const href = inner.name === "a" ? attribute(inner, "href").trim() : "";
      return href !== "" && !href.startsWith("#") && !textOf(inner).includes(href);
    });
    if (links.length === 0) return;
    const paragraph = this.element("P", [], target);
    for (const link of links) {
      this.append([link], paragraph);
      this.text(" ", paragraph);
    }
  }

  /** Adds a part of the page that has a title of its own: the title in bold, then what `add` puts below it. */
  titled(title: string, target: PlainElement, add: (part: PlainElement) => void): void {
    if (title.trim() === "") {
      add(target);
      return;
    }
    this.part((paragraph) => this.span("STRONG", [title], paragraph), target, add);
  }

  /** Adds a part of the page below the title that `write` puts into a paragraph. */
  part(
    write: (paragraph: PlainElement) => void,
    target: PlainElement,
    add: (part: PlainElement) => void,
  ): void {
    const part = new PlainElement("DIV", { part: true });
    target.append(part);
    write(this.element("P", [], part, { partTitle: true }));
    add(part);
  }

  /** Adds Markdown as it is. */
  markdown(markdown: string, target: PlainElement): void {
    const element = new PlainElement("PRE", { isMarkdown: true });
    element.append(new PlainText(withoutLongWhiteSpace(markdown)));
    target.append(element);
  }

  lineBreak(target: PlainElement): void {
    target.append(new PlainElement("BR"));
  }

  image(src: string, alt: string, target: PlainElement): void {
    const isAddress = src.length <= LONGEST_ADDRESS;
    target.append(new PlainElement("IMG", { src: isAddress ? src : "", alt: alt.slice(0, LONGEST_ALT) }));
  }
}

function mergedChild(name: string, target: PlainElement): PlainElement {
  const last = target.lastChild;
  if (last?.nodeType === 1 && last.nodeName === name && MERGED.has(name)) return last;
  const element = new PlainElement(name);
  target.append(element);
  return element;
}

/** A description, not text: the page does not show it. */
const LONGEST_ALT = 2000;
const LONGEST_ADDRESS = 60_000;
/** Turndown trims its result in time that grows with the square of a run of white space; no code has longer ones. */
const LONGEST_WHITE_SPACE = 200;

function withoutLongWhiteSpace(code: string): string {
  let kept = "";
  let start = 0;
  let run = 0;
  for (let index = 0; index <= code.length; index++) {
    const isSpace = index < code.length && isWhiteSpace(code.charCodeAt(index));
    if (isSpace) run++;
    else {
      if (run > LONGEST_WHITE_SPACE) {
        kept += code.slice(start, index - run + LONGEST_WHITE_SPACE);
        start = index;
      }
      run = 0;
    }
  }
  return start === 0 ? code : kept + code.slice(start);
}

function isWhiteSpace(code: number): boolean {
  return code <= 0x20 || code === 0xa0 || (code >= 0x1680 && /\s/.test(String.fromCharCode(code)));
}
