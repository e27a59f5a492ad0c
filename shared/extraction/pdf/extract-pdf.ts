import { MOST_CHARACTERS, type ExtractedFile, type FilePart } from "#shared/extraction/extracted-file.ts";
import { cleanPages } from "./clean-pages.ts";
import { PasswordRequiredError, type PdfPage } from "./pdf-page.ts";
import { LITEPARSE, loadLiteparse, readByLiteparse } from "./read-by-liteparse.ts";
import { readByUnpdf, UNPDF } from "./read-by-unpdf.ts";

/** Readers of PDF; "liteparse" only where it has a binary. */
export type PdfReader = "liteparse" | "unpdf";

/** From this share of right-to-left letters on unpdf reads: liteparse turns the words of each line round. */
const RIGHT_TO_LEFT = 0.2;

/**
 * Markdown of each page. liteparse knows headings, lists, tables and columns; unpdf reads where liteparse has no binary, fails,
 * finds no text, or where many letters are right-to-left. `prefer` is for comparisons. The same bytes always give the same parts.
 */
export async function extractPdf(bytes: Uint8Array, prefer: PdfReader = "liteparse"): Promise<ExtractedFile> {
  // liteparse would hand anything else to converters that it looks for on the machine.
  if (!isPdf(bytes)) {
    const message =
      bytes.length === 0 ? "The file is empty" : "The file is not a PDF: it has no %PDF- header";
    return { result: "extraction_failed", extractor: "pdf", message };
  }
  const liteparse = prefer === "liteparse" ? loadLiteparse() : null;
  let extractor = LITEPARSE;
  try {
    if (liteparse) {
      const read = await readByLiteparse(liteparse, bytes, MOST_CHARACTERS).catch((error: unknown) => {
        if (error instanceof PasswordRequiredError) throw error;
        return null;
      });
      if (read && rightToLeftShare(read.pages) <= RIGHT_TO_LEFT && hasText(read.pages))
        return filed(read, LITEPARSE);
    }
    extractor = UNPDF;
    return filed(await readByUnpdf(bytes, MOST_CHARACTERS), UNPDF);
  } catch (error) {
    if (error instanceof PasswordRequiredError)
      return { result: "encrypted", extractor, message: error.message };
    // A library's message may quote the file.
    const message = `The PDF cannot be read (${error instanceof Error ? error.name : "unknown error"}): it may be damaged`;
    return { result: "extraction_failed", extractor, message };
  }
}

/** Readers accept a header within the first 1,024 bytes. */
function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes("%PDF-");
}

function filed({ total, pages }: { total: number; pages: PdfPage[] }, extractor: string): ExtractedFile {
  if (total === 0) return { result: "no_text", extractor, message: "The PDF has no pages" };
  const parts = cleanPages(pages)
    .filter(({ markdown }) => markdown !== "")
    .map(({ number, markdown }): FilePart => ({ place: { kind: "page", number }, markdown }));
  if (parts.length === 0) {
    const message = `None of the ${total} pages has text: it may be a scan, which only OCR can read`;
    return { result: "no_text", extractor, message };
  }
  const unread = `Pages after ${pages.length} of ${total} were not read: those before hold ${MOST_CHARACTERS} characters`;
  const warnings = pages.length < total ? [unread] : [];
  return { result: "text", extractor, parts, warnings };
}

function hasText(pages: readonly PdfPage[]): boolean {
  return pages.some(
    ({ markdown, fields }) => /[\p{L}\p{N}]/u.test(markdown.replace(/^```\w*$/gm, "")) || fields.length > 0,
  );
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
