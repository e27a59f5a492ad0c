import type { PdfPage } from "./pdf-page.ts";

/** Lines at the top and at the foot of a page among which running heads and feet are looked for. */
const BAND = 3;
/** A line is a running head from so many pages on, if it is on this share of all: half of them have the head of left pages. */
const FEWEST_PAGES = 3;
const SHARE = 0.3;

/** Pages without what repeats on them and without empty blocks; characters in their usual form. Form values that no line shows follow. */
export function cleanPages(pages: readonly PdfPage[]): { number: number; markdown: string }[] {
  const cleaned = pages.map(({ number, markdown, fields }) => {
    const text = usualCharacters(markdown).replace(/^```\w*\s*```$/gm, "");
    const unseen = fields.filter(({ value }) => !text.includes(usualCharacters(value)));
    const values = unseen.map(
      ({ name, value }) => `- ${usualCharacters(name === "" ? value : `${name}: ${value}`)}`,
    );
    return { number, lines: [text, values.join("\n")].filter(Boolean).join("\n\n").split("\n") };
  });
  const repeated = repeatedLines(cleaned.map(({ lines }) => lines));
  const seen = new Set<string>();
  return cleaned.map(({ number, lines }) => {
    const band = bandOf(lines);
    const rest = lines.filter(
      (line, index) => hasText(line) && !(band.has(index) && repeated.has(keyOf(line))),
    );
    // A page that is nothing but its head keeps it: pages of one line each are no heads.
    const kept =
      rest.length === 0
        ? lines
        : lines.filter((line, index) => {
            const key = keyOf(line);
            if (!band.has(index) || !repeated.has(key)) return true;
            // The first page that has it keeps it: a running head may be the only place with the document's number.
            if (seen.has(key)) return false;
            seen.add(key);
            return true;
          });
    return {
      number,
      markdown: kept
        .join("\n")
        .replace(/\n{3,}/g, "\n\n")
        .replace(/^(\s*---\n)+|(\n---\s*)+$/g, "")
        .trim(),
    };
  });
}

function repeatedLines(pages: readonly (readonly string[])[]): Set<string> {
  const counts = new Map<string, number>();
  for (const lines of pages) {
    const keys = new Set([...bandOf(lines)].map((index) => keyOf(lines[index] ?? "")));
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const fewest = Math.max(FEWEST_PAGES, SHARE * pages.length);
  return new Set([...counts].filter(([key, count]) => key !== "" && count >= fewest).map(([key]) => key));
}

function hasText(line: string): boolean {
  return /[\p{L}\p{N}]/u.test(line);
}

/** Indices of the first and the last lines with text; a row of a table is none. */
function bandOf(lines: readonly string[]): Set<number> {
  const filled = lines.flatMap((line, index) => (hasText(line) ? [index] : []));
  const band = [...filled.slice(0, BAND), ...filled.slice(-BAND)];
  return new Set(band.filter((index) => !/^\s*\|/.test(lines[index] ?? "")));
}

/** So many words make a head of which the page numbers do not matter; "Step 1" is a title. */
const HEAD_WORDS = 3;
/** 12, 12/40, A-12, 2.3.59-12. A decimal, a date and an amount say something of their own. */
const PAGE_NUMBER = /^[([|]*(?:\d{1,4}(?:\/\d{1,4})?|(?:[A-Z]|\d{1,2}(?:\.\d{1,2})*)[-–]\d{1,4})[)\].,:;|]*$/;
/** Beside a number: it is an amount, not a page. */
const UNIT = /^\(?(?:[\p{Sc}%‰]|(?:EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|BRL|SEK|NOK|DKK|PLN|CZK)\b)/u;

/**
 * What a line has in common with its like on other pages: the numbers of page and section differ, left and right pages have
 * the order reversed, and one page's paragraph is another's heading. Lines that differ in other numbers are not alike.
 */
function keyOf(line: string): string {
  const words = line
    .replace(/[*_#`\\]/g, "")
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.filter((word) => !/\d/.test(word)).length < HEAD_WORDS)
    return words.join(" ").replace(/^\d{1,4}$|(?<=^page )\d{1,4}\b/i, "0");
  const isAmount = (index: number) =>
    [words[index - 1], words[index + 1]].some((beside = "") => UNIT.test(beside));
  return words
    .filter((word, index) => !PAGE_NUMBER.test(word) || isAmount(index))
    .toSorted()
    .join(" ");
}

/**
 * Ligatures and Arabic presentation forms as the letters that people type, without soft hyphens and NUL. Not all of NFKC: it
 * makes 2 of ² and so 102 of 10².
 */
function usualCharacters(text: string): string {
  return text
    .replace(/[\uFB00-\uFDFF\uFE70-\uFEFC]+/g, (part) => part.normalize("NFKC"))
    .replace(/[\u00AD\u0000\u200B\uFEFF]/g, "")
    .normalize("NFC");
}
