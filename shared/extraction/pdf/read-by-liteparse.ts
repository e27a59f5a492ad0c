import { createRequire } from "node:module";
import type * as Library from "@llamaindex/liteparse";
import { PasswordRequiredError, type FormField, type PdfPage } from "./pdf-page.ts";
import { splitHeadings, unfoldTables } from "./repair-markdown.ts";

export const LITEPARSE = "liteparse 2.14.7";

/** Without OCR, which is another reading: the library loads no model and renders no page. */
export const OPTIONS = {
  outputFormat: "markdown",
  ocrEnabled: false,
  imageMode: "off",
  // What repeats is removed by this project, which keeps the first: the library drops the foot of a single page too.
  keepHeadersFooters: true,
  extractLinks: false,
  extractFormFields: true,
  // A page that is damaged costs that page only.
  continueOnPageError: true,
  // The default is 1,000, silently.
  maxPages: 100_000,
  numWorkers: 1,
  quiet: true,
} as const satisfies Partial<Library.LiteParseConfig>;

/** The library; null on a system that it has no binary for, and in a process that may not load one. */
export function loadLiteparse(): typeof Library | null {
  try {
    // With `import` a bundle would contain its JavaScript but not find its binary.
    return createRequire(import.meta.url)("@llamaindex/liteparse") as typeof Library;
  } catch {
    return null;
  }
}

/** Pages that are in memory at once, with the place of each word. */
const BATCH = 100;

/**
 * Pages as Markdown with headings, lists and tables, until they hold `mostCharacters`; `total` counts all, `damaged` those that were
 * left out. Throws `PasswordRequiredError`.
 */
export async function readByLiteparse(
  library: typeof Library,
  bytes: Uint8Array,
  mostCharacters: number,
): Promise<{ total: number; damaged: number; pages: PdfPage[] }> {
  const pages: PdfPage[] = [];
  const turned: Library.PageOrientationCorrection[] = [];
  let total = 0;
  let damaged = 0;
  let characters = 0;
  try {
    for await (const batch of new library.LiteParse(OPTIONS).parseBatches(bytes, { batchSize: BATCH })) {
      total = batch.totalPages;
      damaged += batch.result.pageErrors.length;
      for (const page of batch.result.pages) {
        const angle = turnedBy(page);
        if (angle !== 0) turned.push({ page: page.pageNum, angle });
        const read = readPage(page);
        pages.push(read);
        characters += read.markdown.length;
      }
      if (characters >= mostCharacters) break;
    }
  } catch (error) {
    // The library's errors have no codes.
    throw /password/i.test(String(error)) ? new PasswordRequiredError() : error;
  }
  if (turned.length > 0) {
    const corrections = {
      targetPages: turned.map(({ page }) => page).join(","),
      pageOrientationCorrections: turned,
    };
    const again = await new library.LiteParse({ ...OPTIONS, ...corrections }).parse(bytes);
    const upright = new Map(again.pages.map((page) => [page.pageNum, readPage(page)]));
    // By its number, not its place: pages that are damaged are left out.
    return { total, damaged, pages: pages.map((page) => upright.get(page.number) ?? page) };
  }
  return { total, damaged, pages };
}

/** A page of the library's as Markdown. */
export function readPage(page: Library.ParsedPage): PdfPage {
  const bold = boldLines(page);
  return {
    number: page.pageNum,
    markdown: splitHeadings(unfoldTables(page.markdown, bold, page.textItems), bold),
    fields: (page.formFields ?? []).flatMap(fieldValue),
  };
}

/** The angle by which most of a page's letters are turned: the library reads such a page from its side, line by line. */
function turnedBy({ textItems }: Library.ParsedPage): 0 | 90 | 180 | 270 {
  const letters = { 0: 0, 90: 0, 180: 0, 270: 0 };
  for (const { text, rotation = 0 } of textItems) {
    const angle = (Math.round(rotation / 90) * 90 + 360) % 360;
    if (angle === 0 || angle === 90 || angle === 180 || angle === 270) letters[angle] += text.length;
  }
  const [most = 0] = ([0, 90, 180, 270] as const).toSorted((a, b) => letters[b] - letters[a]);
  return most;
}

/** By the font's name: the weight that PDFium reports is 400 for most bold fonts of TeX, whose names have BX. */
const BOLD = /bold|black|heavy|^(\w{6}\+)?(SF|CM)BX/i;

/** Lines in bold type; those that follow one another at one indent are one. */
function boldLines({ textItems }: Library.ParsedPage): string[] {
  const lines: { text: string; x: number; right: number; y: number }[] = [];
  for (const { text, fontName = "", x, y, width, height } of textItems) {
    if (!BOLD.test(fontName)) continue;
    const before = lines.findLast((line) => {
      const sameLine = Math.abs(y - line.y) < height / 3 && x >= line.right && x - line.right < 2 * height;
      const nextLine = Math.abs(x - line.x) < height / 2 && y > line.y && y - line.y < 1.6 * height;
      return sameLine || nextLine;
    });
    if (before) Object.assign(before, { text: `${before.text} ${text}`, right: x + width, y });
    else lines.push({ text, x, right: x + width, y });
  }
  return lines.map(({ text }) => text.replace(/\s+/g, " ").trim()).filter((text) => text !== "");
}

/** Bit 14 of a text field's flags: what is typed is shown as dots (ISO 32000-1, table 228). */
const PASSWORD_FLAG = 1 << 13;

function fieldValue(field: Library.FormField): FormField[] {
  const { type, fieldFlags, name, alternateName, value, selectedOptions } = field;
  if (type === "text" && (fieldFlags & PASSWORD_FLAG) !== 0) return [];
  const text = type === "text" ? value : selectedOptions.join(", ");
  return text ? [{ name: alternateName || name || "", value: text }] : [];
}
