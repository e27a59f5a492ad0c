import { attribute, type MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainAttributes, PlainElement } from "#shared/markdown/print/plain-tree.ts";

/** The longest number in CommonMark. */
const MAX_NUMBER = 999_999_999;

const LATIN = "abcdefghijklmnopqrstuvwxyz";
const GREEK = "αβγδεζηθικλμνξοπρστυφχψω";

const latin = (number: number): string => letters(number, LATIN);

/** How an item's number is written, by the list's `type` or the name of its CSS style. */
const STYLES = new Map<string, (number: number) => string>(
  Object.entries({
    a: latin,
    A: (number) => latin(number).toUpperCase(),
    i: roman,
    I: (number) => roman(number).toUpperCase(),
    "lower-alpha": latin,
    "lower-latin": latin,
    "upper-alpha": (number) => latin(number).toUpperCase(),
    "upper-latin": (number) => latin(number).toUpperCase(),
    "lower-roman": roman,
    "upper-roman": (number) => roman(number).toUpperCase(),
    "lower-greek": (number) => letters(number, GREEK),
    disc: () => "",
    circle: () => "",
    square: () => "",
    none: () => "",
  }),
);

/** Converts a numbered list: each item with the number or letter that the page shows for it. */
export function convertNumberedList(
  list: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const items = new Map(numbersOf(list));
  const labels = [...items].map(([item, number]) => labelOf(item, list, number));
  const isNumbered = labels.every((label) => label === undefined);
  const [first = 1] = items.values();
  const output = build.element(isNumbered ? "OL" : "UL", [], target, isNumbered ? { number: first } : {});
  let index = 0;
  for (const node of list.children) {
    const number = typeof node === "string" ? undefined : items.get(node);
    if (typeof node === "string" || number === undefined) {
      build.append([node], output);
      continue;
    }
    build.element("LI", node.children, output, isNumbered ? { number } : labelled(labels[index], number));
    index++;
  }
}

/** Each item of a list with its number, by `start`, `reversed` and the items' own `value`. */
function numbersOf(list: MarkupElement): [MarkupElement, number][] {
  const items = list.children.filter((node) => typeof node !== "string" && node.name === "li");
  const step = list.attributes.has("reversed") ? -1 : 1;
  let next = integer(attribute(list, "start")) ?? (step === 1 ? 1 : items.length);
  return items.flatMap((item) => {
    if (typeof item === "string") return [];
    const number = integer(attribute(item, "value")) ?? next;
    next = number + step;
    return [[item, number]];
  });
}

function integer(value: string): number | undefined {
  const number = /^\s*-?\d{1,9}\s*$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
  return Number.isNaN(number) ? undefined : number;
}

/** The label to write instead of a Markdown number; undefined if a number is enough. */
function labelOf(item: MarkupElement, list: MarkupElement, number: number): string | undefined {
  const write = STYLES.get(styleOf(item)) ?? STYLES.get(styleOf(list));
  if (write) return number > 0 ? write(number) : String(number);
  return number >= 0 && number <= MAX_NUMBER ? undefined : String(number);
}

function styleOf(element: MarkupElement): string {
  const style = /(?:^|[;\s])list-style(?:-type)?\s*:\s*([^;]+)/i.exec(attribute(element, "style"))?.[1];
  const named =
    style
      ?.toLowerCase()
      .split(/\s+/)
      .filter((word) => STYLES.has(word)) ?? [];
  // Beside a style name, `none` means that there is no image.
  return named.find((word) => word !== "none") ?? named[0] ?? attribute(element, "type");
}

function labelled(label: string | undefined, number: number): PlainAttributes {
  // A number here would begin a separate list.
  return label === "" ? {} : { label: label ?? `${number}\\` };
}

/** a, b, …, z, aa, ab, … */
function letters(number: number, alphabet: string): string {
  let text = "";
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / alphabet.length)) {
    text = (alphabet[(rest - 1) % alphabet.length] ?? "") + text;
  }
  return text;
}

const ROMAN: readonly (readonly [number, string])[] = [
  [1000, "m"],
  [900, "cm"],
  [500, "d"],
  [400, "cd"],
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
];
/** Browsers do not write larger numbers in Roman numerals. */
const MAX_ROMAN = 3999;

function roman(number: number): string {
  if (number > MAX_ROMAN) return String(number);
  let rest = number;
  let text = "";
  for (const [value, sign] of ROMAN) {
    for (; rest >= value; rest -= value) text += sign;
  }
  return text;
}
