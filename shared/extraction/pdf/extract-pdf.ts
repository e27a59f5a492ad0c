import { MOST_CHARACTERS, type ExtractedFile, type FilePart } from "#shared/extraction/extracted-file.ts";
import { WITH_OCR, type Ocr } from "#shared/extraction/ocr.ts";
import { cleanPages } from "./clean-pages.ts";
import { PasswordRequiredError, type PdfPage } from "./pdf-page.ts";
import { LITEPARSE, loadLiteparse, readByLiteparse } from "./read-by-liteparse.ts";
import { readByOcr, type OcrReading } from "./read-by-ocr.ts";
import { readByUnpdf, UNPDF } from "./read-by-unpdf.ts";

/** Readers of PDF; "liteparse" only where it has a binary. */
export type PdfReader = "liteparse" | "unpdf";

/** From this share of right-to-left letters on unpdf reads: liteparse turns the words of each line round. */
const RIGHT_TO_LEFT = 0.2;

/**
 * Markdown of each page. liteparse knows headings, lists, tables and columns; unpdf reads where liteparse has no binary, fails,
 * finds no text, or where many letters are right-to-left. `prefer` is for comparisons. With `ocr`, pages without text are read from
 * their pictures. The same bytes always give the same parts.
 */
export async function extractPdf(
  bytes: Uint8Array,
  prefer: PdfReader = "liteparse",
  ocr: Ocr | null = null,
): Promise<ExtractedFile> {
  // liteparse would hand anything else to converters that it looks for on the machine.
  if (!isPdf(bytes)) {
    const message =
      bytes.length === 0 ? "The file is empty" : "The file is not a PDF: it has no %PDF- header";
    return { result: "extraction_failed", extractor: "pdf", message };
  }
  const liteparse = prefer === "liteparse" ? loadLiteparse() : null;
  let extractor = LITEPARSE;
  try {
    let read = liteparse && (await readByLiteparse(liteparse, bytes, MOST_CHARACTERS).catch(unlessEncrypted));
    if (!read || rightToLeftShare(read.pages) > RIGHT_TO_LEFT || !read.pages.some(hasText)) {
      extractor = UNPDF;
      read = await readByUnpdf(bytes, MOST_CHARACTERS);
    }
    const scans = ocr && read.pages.filter((page) => !hasText(page)).map(({ number }) => number);
    if (!liteparse || !scans || scans.length === 0) return filed(read, extractor);
    const seen = await readByOcr(liteparse, bytes, scans, ocr).catch(() => ({
      pages: [],
      unread: scans.length,
    }));
    return filed(read, read.pages.some(hasText) ? extractor : LITEPARSE, seen);
  } catch (error) {
    if (error instanceof PasswordRequiredError)
      return { result: "encrypted", extractor, message: error.message };
    // A library's message may quote the file.
    const message = `The PDF cannot be read (${error instanceof Error ? error.name : "unknown error"}): it may be damaged`;
    return { result: "extraction_failed", extractor, message };
  }
}

function unlessEncrypted(error: unknown): null {
  if (error instanceof PasswordRequiredError) throw error;
  return null;
}

/** Readers accept a header within the first 1,024 bytes. */
function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes("%PDF-");
}

/** `seen`: what OCR read of the pages without text; absent where it was not asked. */
function filed(
  { total, damaged, pages }: { total: number; damaged: number; pages: PdfPage[] },
  reader: string,
  seen?: OcrReading,
): ExtractedFile {
  const extractor = seen ? `${reader}${WITH_OCR}` : reader;
  if (total === 0) return { result: "no_text", extractor, message: "The PDF has no pages" };
  const byNumber = new Map(seen?.pages.map((page) => [page.number, page]));
  const parts = cleanPages(pages.map((page) => byNumber.get(page.number) ?? page))
    .filter(({ markdown }) => markdown !== "")
    .map(({ number, markdown }): FilePart => ({ place: { kind: "page", number }, markdown }));
  if (parts.length === 0) return { result: "no_text", extractor, message: withoutText(total, seen) };
  const warnings: string[] = [];
  const readTo = pages.length + damaged;
  if (damaged > 0) warnings.push(`${damaged} of ${total} pages are damaged and were not read`);
  if (readTo < total)
    warnings.push(
      `Pages after ${readTo} of ${total} were not read: those before hold ${MOST_CHARACTERS} characters`,
    );
  if (byNumber.size > 0)
    warnings.push(`${byNumber.size} of ${total} pages were read by OCR: their text may contain errors`);
  if (seen && seen.unread > 0)
    warnings.push(`${seen.unread} of ${total} pages are pictures that OCR did not read: a file has a limit`);
  return { result: "text", extractor, parts, warnings };
}

function withoutText(total: number, seen: OcrReading | undefined): string {
  if (!seen)
    return `None of the ${total} pages has text: it may be a scan, which only OCR can read (OCR=local)`;
  const left = seen.unread > 0 ? `, and did not read ${seen.unread}` : "";
  return `None of the ${total} pages has text, and OCR found no legible text${left}`;
}

function hasText({ markdown, fields }: PdfPage): boolean {
  return /[\p{L}\p{N}]/u.test(markdown.replace(/^```\w*$/gm, "")) || fields.length > 0;
}

function rightToLeftShare(pages: readonly PdfPage[]): number {
  let letters = 0;
  let rightToLeft = 0;
  for (const { markdown } of pages) {
    letters += markdown.match(/\p{L}/gu)?.length ?? 0;
    rightToLeft +=
      markdown.match(/[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/gu)?.length ?? 0;
  }
  return letters === 0 ? 0 : rightToLeft / letters;
}
