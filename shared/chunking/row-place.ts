import type { TitledPart } from "#shared/markdown/page-content.ts";
import { plainTitle } from "./plain-title.ts";

/** The structure inside a cell, as table-markdown.ts prints it; the same text in code or escaped is not structure. */
const MARK =
  /\\.|(?:(?<!`)|(?<=\\`))(`+)(?!`)(?:[^`]|[^`].{0,2000}?[^`])\1(?!`)|<(\/?)(ul|ol|li|h[1-6])(?: (?:start|value)="(\d+)")?>|\|/g;

/** The text of an item as the title of the items below it. */
const MAX_ITEM_TITLE = 120;

/** A list or an item that is open. `number`: of an item its own, of a list that of its next item; `textEnd`: of an item that holds a list. */
type Open = { name: string; at: number; number: number; textEnd: number | null; title: string | null };
type Heading = { level: number; at: number; depth: number; title: string };

/** Walks through a row and knows the structure around each position. Positions ascend. */
export class RowPlace {
  /** Cells that ended before the position; -1 before the row's first bar. */
  cells = -1;
  readonly #row: string;
  readonly #marks: Iterator<RegExpExecArray>;
  readonly #parts: Iterator<TitledPart>;
  #next: RegExpExecArray | null;
  #nextPart: TitledPart | null;
  /** Titled parts around the position. */
  #around: TitledPart[] = [];
  #place = 0;
  #open: Open[] = [];
  #headings: Heading[] = [];
  #heading: { level: number; at: number } | null = null;

  /** `parts`: those in the row in order, by offsets in it. */
  constructor(row: string, parts: Iterable<TitledPart>) {
    this.#row = row;
    this.#parts = parts[Symbol.iterator]();
    this.#marks = row.matchAll(MARK);
    this.#next = this.#read();
    this.#nextPart = this.#parts.next().value ?? null;
  }

  moveTo(place: number): void {
    for (let mark = this.#next; mark && mark.index < place; mark = this.#next) {
      this.#pass(mark);
      this.#next = this.#read();
    }
    this.#place = place;
    for (; this.#nextPart && this.#nextPart.from < place; this.#nextPart = this.#parts.next().value ?? null)
      this.#around.push(this.#nextPart);
    const ended = this.#around.filter(({ to }) => to <= place);
    this.#around = this.#around.filter(({ to }) => to > place);
    this.#headings = this.#headings.filter(({ at }) => !ended.some(({ from, to }) => from <= at && at < to));
  }

  /** Whether the position is within a title, or between a title and what is below it. */
  get isAtTitle(): boolean {
    if (this.#heading || this.#around.some(({ titleEnd }) => this.#place <= titleEnd + "<br>".length))
      return true;
    return /^(?:<br>)?<[uo]l\b/.test(this.#row.slice(this.#place, this.#place + "<br><ul ".length));
  }

  /** Titles around the position, outermost first: headings, parts with a title, items with items below them. */
  get titles(): string[] {
    const titles = this.#headings.map(({ at, title }) => ({ at, title }));
    for (const { from, titleEnd } of this.#around)
      titles.push({ at: from, title: plainTitle(this.#row.slice(from, titleEnd)) });
    for (const item of this.#open) {
      if (item.textEnd === null) continue;
      item.title ??= plainTitle(this.#row.slice(item.at, item.textEnd), MAX_ITEM_TITLE);
      titles.push({ at: item.at, title: item.title });
    }
    return titles
      .sort((one, other) => one.at - other.at)
      .map(({ title }) => title)
      .filter((title) => title !== "");
  }

  /** The markup that reopens the list around the position, so that its items keep their numbers. */
  get opening(): string {
    const last = this.#open.at(-1);
    const list = last?.name === "li" ? this.#open.at(-2) : last;
    if (!last || !list) return "";
    const start = list.name === "ol" && last.number !== 1 ? ` start="${last.number}"` : "";
    return `<${list.name}${start}>${last === list ? "" : "<li>"}`;
  }

  #read(): RegExpExecArray | null {
    const next = this.#marks.next();
    return next.done ? null : next.value;
  }

  #pass({ 0: mark, 2: slash, 3: name, 4: digits, index }: RegExpExecArray): void {
    if (mark === "|") {
      this.cells++;
      this.#open = [];
      this.#headings = [];
      this.#heading = null;
      return;
    }
    if (name === undefined) return;
    const at = index + mark.length;
    if (name.startsWith("h")) this.#passHeading(slash !== "", Number(name.slice(1)), index, at);
    else if (slash !== "") {
      const depth = this.#open.findLastIndex((open) => open.name === name);
      if (depth === -1) return;
      this.#open.length = depth;
      this.#headings = this.#headings.filter((heading) => heading.depth <= depth);
    } else this.#passOpening(name, digits === undefined ? null : Number(digits), index, at);
  }

  #passHeading(isEnd: boolean, level: number, index: number, at: number): void {
    if (!isEnd) {
      this.#heading = { level, at };
      return;
    }
    if (!this.#heading) return;
    const title = plainTitle(this.#row.slice(this.#heading.at, index));
    const depth = this.#open.length;
    this.#headings = this.#headings.filter((heading) => heading.level < level || heading.depth < depth);
    this.#headings.push({ level, at: this.#heading.at, depth, title });
    this.#heading = null;
  }

  #passOpening(name: string, number: number | null, index: number, at: number): void {
    const last = this.#open.at(-1);
    if (name !== "li") {
      if (last?.name === "li") last.textEnd ??= index;
      this.#open.push({ name, at, number: number ?? 1, textEnd: null, title: null });
      return;
    }
    const own = number ?? last?.number ?? 1;
    if (last) last.number = own + 1;
    this.#open.push({ name, at, number: own, textEnd: null, title: null });
  }
}
