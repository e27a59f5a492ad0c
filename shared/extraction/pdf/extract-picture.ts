import { OWN_EXTRACTOR } from "#shared/extraction/extraction-failure.ts";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { WITH_OCR, type Ocr } from "#shared/extraction/ocr.ts";
import { LITEPARSE, loadLiteparse } from "./read-by-liteparse.ts";
import { readByOcr } from "./read-by-ocr.ts";

/** PNG and JPEG: the library hands other pictures to converters that it looks for on the machine. */
const MARKS = [
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
];

const READER = `${LITEPARSE}${WITH_OCR}`;

/** The text in a picture: none without `ocr`, or where no native library may be used. */
export async function extractPicture(
  bytes: Uint8Array,
  ocr: Ocr | null,
  native: boolean,
): Promise<ExtractedFile> {
  const reads = MARKS.some((mark) => mark.every((byte, index) => bytes[index] === byte));
  if (!reads) return unread("The file is a picture, and no PNG or JPEG, which OCR reads");
  if (!ocr) return unread("The file is a picture, which only OCR can read (OCR=local)");
  const liteparse = native ? loadLiteparse() : null;
  if (!liteparse) return unread("OCR cannot run on this system, or its library crashed on this picture");
  try {
    const { pages, unread } = await readByOcr(liteparse, bytes, [1], ocr);
    const [page] = pages;
    if (unread > 0) return without("extraction_failed", "OCR failed on the picture: it may be damaged");
    if (!page) return without("no_text", "OCR found no legible text in the picture");
    const warnings = ["The text was read from a picture by OCR: it may contain errors"];
    return { result: "text", extractor: READER, parts: [{ place: null, markdown: page.markdown }], warnings };
  } catch {
    return without("extraction_failed", "The picture cannot be read: it may be damaged");
  }
}

function unread(message: string): ExtractedFile {
  return { result: "no_text", extractor: OWN_EXTRACTOR, message };
}

function without(result: "no_text" | "extraction_failed", message: string): ExtractedFile {
  return { result, extractor: READER, message };
}
