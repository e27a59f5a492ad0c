import type * as Library from "@llamaindex/liteparse";
import type { Ocr } from "#shared/extraction/ocr.ts";
import type { PdfPage } from "./pdf-page.ts";
import { OPTIONS, readPage } from "./read-by-liteparse.ts";

/** Pages of one file that are read, at 1 to 2 s each; and when no further one is begun. A file has 60 s, text and all. */
const MOST_PAGES = 20;
const BUDGET_MS = 35_000;

/** Pixels an inch of an average scan, and most pixels of a side: a photo of a telephone counts as a page of 4,000 points. */
const DPI = 200;
const MOST_PIXELS = 3500;

/** Of 0 to 1, in the mean of a page's letters: real text had 0.72 and more, what is taken for letters in photos 0.49 at most. */
const LEAST_CONFIDENCE = 0.6;
/** A photo has a "word" now and then. */
const FEWEST_WORDS = 2;

/** `unread`: pages with pictures that were left, by the limits or because the library fails on them. */
export type OcrReading = { pages: PdfPage[]; unread: number };

/**
 * Reads the pictures of these pages, of a PDF or of a picture file (page 1). Pages without legible text are left out. On a machine
 * that is too slow for all pages the same bytes may give fewer pages; else always the same.
 */
export async function readByOcr(
  library: typeof Library,
  bytes: Uint8Array,
  numbers: readonly number[],
  { folder, languages }: Ocr,
): Promise<OcrReading> {
  const started = performance.now();
  const targetPages = numbers.join(",");
  const options = { ...OPTIONS, targetPages, includeComplexity: true };
  const looked = await new library.LiteParse(options).parse(bytes);
  const scans = looked.pages.filter(({ complexity }) => complexity?.needsOcr);
  const pages: PdfPage[] = [];
  let unread = Math.max(0, scans.length - MOST_PAGES);
  for (const { pageNum, width, height } of scans.slice(0, MOST_PAGES)) {
    if (performance.now() - started > BUDGET_MS) {
      unread += 1;
      continue;
    }
    const dpi = Math.floor(Math.min(DPI, (72 * MOST_PIXELS) / Math.max(width, height)));
    const ocr = { ocrEnabled: true, ocrLanguage: languages, tessdataPath: folder, dpi };
    const parser = new library.LiteParse({ ...OPTIONS, ...ocr, targetPages: String(pageNum) });
    const read = await parser.parse(bytes).catch(() => null);
    const page = read?.pages[0];
    if (!page) unread += 1;
    else if (isLegible(page)) pages.push(readPage(page));
  }
  return { pages, unread };
}

function isLegible({ textItems }: Library.ParsedPage): boolean {
  const words = textItems.flatMap(({ text }) => text.match(/\p{L}{2,}/gu) ?? []);
  const letters = textItems.reduce((sum, { text }) => sum + text.length, 0);
  const certain = textItems.reduce((sum, { text, confidence = 1 }) => sum + text.length * confidence, 0);
  return words.length >= FEWEST_WORDS && certain / letters >= LEAST_CONFIDENCE;
}
