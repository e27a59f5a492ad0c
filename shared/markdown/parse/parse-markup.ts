import { decodeHTML, decodeHTMLAttribute, decodeHTMLStrict } from "entities";
import { PermanentError } from "#shared/errors.ts";
import { closedByStartTag, closesNoFurtherThan, isRawText, isVoidElement } from "./content-model.ts";
import { type MarkupElement, markupElement } from "./markup-tree.ts";
import type { BodyFormat } from "#shared/markdown/page-content.ts";
import { readAttributes } from "./read-attributes.ts";
import { holdsUnseenText, visibleText, withoutControlCharacters } from "./visible-text.ts";

/** Confluence's own limit is about 5 MB; a larger body is not a page. In UTF-16 units, at least half the UTF-8 bytes. */
const MAX_BODY_LENGTH = 20 * 1024 * 1024;
/** Browsers stop nesting at 512. Deeper content is added to the element at this depth: text is kept, recursion stays bounded. */
const MAX_DEPTH = 200;
/** A real page of 20 MB has about a tenth of it; a larger tree would exhaust a worker's memory. */
const MAX_NODES = 500_000;

/**
 * Parses a body of either vocabulary in one pass over the text. Lenient and bounded: malformed markup is recovered as in a
 * browser (text is never dropped), entities declared in the document are not expanded, and no input takes more
 * than linear time. Self-closing tags close in both vocabularies, because Confluence writes its HTML with an XML serializer.
 * @throws PermanentError `body_too_large`, `body_too_complex`
 */
export function parseMarkup(format: BodyFormat, body: string): MarkupElement {
  if (body.length > MAX_BODY_LENGTH || Buffer.byteLength(body) > MAX_BODY_LENGTH) {
    throw new PermanentError("body_too_large", "The page's body is larger than 20 MB");
  }
  return new MarkupParser(format, withoutControlCharacters(body)).parse();
}

/** Trees that may differ from the one of an XML parser. */
const RECOVERED = new WeakSet<MarkupElement>();

/** Whether the parser understood a body in another way than one of XML would, by which names and nesting may differ. */
export function isRecovered(root: MarkupElement): boolean {
  return RECOVERED.has(root);
}

/** Any other "<" is text. */
const MAY_BE_MARKUP = /<(?=[a-zA-Z!?]|\/[a-zA-Z])/g;

class MarkupParser {
  readonly #isHtml: boolean;
  readonly #source: string;
  readonly #holdsUnseen: boolean;
  readonly #root = markupElement("#root", null);
  readonly #open: MarkupElement[] = [this.#root];
  /** Names of elements open beyond MAX_DEPTH, so that their end tags close nothing else. */
  readonly #tooDeep: string[] = [];
  /** Terminators known not to occur in the rest of the source: each is searched for at most once without success. */
  readonly #exhausted = new Set<string>();
  #nodes = 0;
  /** Start of the text that was not added yet. */
  #textStart = 0;

  constructor(format: BodyFormat, source: string) {
    this.#isHtml = format === "export_view";
    this.#source = source;
    this.#holdsUnseen = holdsUnseenText(source);
  }

  parse(): MarkupElement {
    const source = this.#source;
    MAY_BE_MARKUP.lastIndex = 0;
    for (let match = MAY_BE_MARKUP.exec(source); match; match = MAY_BE_MARKUP.exec(source)) {
      const end = this.#markup(match.index);
      if (end === null) continue;
      this.#textStart = end;
      MAY_BE_MARKUP.lastIndex = end;
    }
    this.#endText(source.length);
    if (this.#open.length > 1) this.#recover();
    return this.#root;
  }

  #recover(): void {
    RECOVERED.add(this.#root);
  }

  /** Handles the markup at `start`, which begins with `<`; returns where to continue, null if it is text after all. */
  #markup(start: number): number | null {
    const source = this.#source;
    const next = source.charCodeAt(start + 1);
    if (next === 0x21 /* ! */) return this.#declaration(start);
    if (next === 0x3f /* ? */) {
      const end = this.#find(this.#isHtml ? ">" : "?>", start);
      if (end === -1) return null;
      this.#endText(start);
      return end + (this.#isHtml ? 1 : 2);
    }
    this.#endText(start);
    return next === 0x2f /* / */ ? this.#endTag(start) : this.#startTag(start);
  }

  #declaration(start: number): number | null {
    const source = this.#source;
    if (source.startsWith("<!--", start)) {
      this.#endText(start);
      const end = this.#find("-->", start + 2);
      if (end < start + 4) this.#recover();
      return end === -1 ? start + 4 : end + 3;
    }
    if (source.startsWith("<![CDATA[", start)) {
      this.#endText(start);
      const end = this.#find("]]>", start + 9);
      this.#literal(source.slice(start + 9, end === -1 ? source.length : end));
      return end === -1 ? source.length : end + 3;
    }
    this.#recover();
    const close = this.#find(">", start);
    if (close === -1) return null;
    this.#endText(start);
    if (/^<!doctype[^[>]*\[/i.test(source.slice(start, close))) {
      const end = this.#find("]", start);
      const after = end === -1 ? -1 : this.#find(">", end);
      if (after !== -1) return after + 1;
    }
    return close + 1;
  }

  #startTag(start: number): number {
    const source = this.#source;
    const nameEnd = endOfName(source, start + 1);
    const name = source.slice(start + 1, nameEnd).toLowerCase();
    const entities = this.#isHtml ? decodeHTMLAttribute : decodeHTMLStrict;
    const decode = (value: string): string => withoutControlCharacters(entities(value));
    const { attributes, selfClosing, end } = readAttributes(source, nameEnd, decode, this.#exhausted);
    this.#closeImplied(name);
    const element = markupElement(name, attributes);
    this.#countNode();
    this.#open.at(-1)?.children.push(element);
    if (selfClosing || isVoidElement(name)) return end;
    if (isRawText(name)) return this.#rawText(element, end);
    if (this.#open.length < MAX_DEPTH) this.#open.push(element);
    else {
      this.#tooDeep.push(name);
      this.#recover();
    }
    return end;
  }

  #rawText(element: MarkupElement, start: number): number {
    const end = this.#find(`</${element.name}`, start);
    if (end === -1) return start;
    const text = this.#source.slice(start, end);
    element.children.push(this.#holdsUnseen ? visibleText(text) : text);
    const close = this.#find(">", end);
    return close === -1 ? this.#source.length : close + 1;
  }

  #endTag(start: number): number {
    const source = this.#source;
    const nameEnd = endOfName(source, start + 2);
    const name = source.slice(start + 2, nameEnd).toLowerCase();
    const close = this.#find(">", nameEnd);
    const end = close === -1 ? source.length : close + 1;
    if (this.#tooDeep.length > 0) {
      if (this.#tooDeep.at(-1) === name) this.#tooDeep.pop();
      return end;
    }
    for (let depth = this.#open.length - 1; depth > 0; depth--) {
      const open = this.#open[depth]?.name ?? "";
      if (open === name) {
        if (depth < this.#open.length - 1) this.#recover();
        this.#open.length = depth;
        return end;
      }
      if (closesNoFurtherThan(name, open)) break;
    }
    if (!isVoidElement(name)) this.#recover();
    // As browsers do: an end tag of a line break is a line break; any other that closes nothing is ignored.
    if (name === "br") this.#open.at(-1)?.children.push(markupElement("br", null));
    return end;
  }

  /** Ends what a start tag ends implicitly: `<li>` the previous item, `<td>` the previous cell. */
  #closeImplied(name: string): void {
    if (this.#tooDeep.length > 0) return;
    const rule = closedByStartTag(name);
    if (!rule) return;
    for (let depth = this.#open.length - 1; depth > 0; depth--) {
      const open = this.#open[depth]?.name ?? "";
      if (rule.boundary.has(open)) return;
      if (!rule.closes.has(open)) continue;
      this.#open.length = depth;
      this.#recover();
    }
  }

  #endText(end: number): void {
    if (end <= this.#textStart) return;
    const raw = this.#source.slice(this.#textStart, end);
    if (raw.includes("<")) this.#recover();
    if (!raw.includes("&")) this.#literal(raw);
    else this.#literal(this.#isHtml ? decodeHTML(raw) : decodeHTMLStrict(raw));
  }

  #literal(written: string): void {
    const children = this.#open.at(-1)?.children;
    const text = this.#holdsUnseen ? visibleText(written) : written;
    if (!children || text === "") return;
    const last = children.length - 1;
    const before = children[last];
    if (typeof before === "string") {
      children[last] = before + text;
    } else {
      this.#countNode();
      children.push(text);
    }
  }

  #find(terminator: string, from: number): number {
    if (this.#exhausted.has(terminator)) return -1;
    const found = this.#source.indexOf(terminator, from);
    if (found === -1) this.#exhausted.add(terminator);
    return found;
  }

  #countNode(): void {
    this.#nodes++;
    if (this.#nodes > MAX_NODES) {
      throw new PermanentError("body_too_complex", `The page's body has more than ${MAX_NODES} nodes`);
    }
  }
}

function endOfName(source: string, start: number): number {
  let end = start;
  while (end < source.length) {
    const code = source.charCodeAt(end);
    if (code <= 0x20 || code === 0x2f /* / */ || code === 0x3e /* > */ || code === 0x3c /* < */) break;
    end++;
  }
  return end;
}
