import { type ExtractedFile, type FilePart, MOST_CHARACTERS } from "./extracted-file.ts";
import { ExtractionFailure, OWN_EXTRACTOR } from "./extraction-failure.ts";
import { fileType, type FileType, type NamedFile } from "./file-type.ts";
import { extractDocx } from "./office/extract-docx.ts";
import { extractOdp, extractOdt } from "./office/extract-odf.ts";
import { extractOds } from "./office/extract-ods.ts";
import { extractPptx } from "./office/extract-pptx.ts";
import { extractXlsx } from "./office/extract-xlsx.ts";
import type { Ocr } from "./ocr.ts";
import { extractPdf } from "./pdf/extract-pdf.ts";
import { extractPicture } from "./pdf/extract-picture.ts";
import { extractCsv, extractHtml, extractJson, extractMd, extractTxt } from "./text/extract-text.ts";

type Readers = { native: boolean; ocr: Ocr | null };
type Extract = (bytes: Uint8Array, readers: Readers) => ExtractedFile | Promise<ExtractedFile>;

/** The extractor of each type of file. */
const EXTRACTORS: Readonly<Record<FileType, Extract>> = {
  pdf: async (bytes, { native, ocr }) => extractPdf(bytes, native ? "liteparse" : "unpdf", ocr),
  docx: extractDocx,
  pptx: extractPptx,
  xlsx: extractXlsx,
  odt: extractOdt,
  odp: extractOdp,
  ods: extractOds,
  txt: extractTxt,
  md: extractMd,
  csv: extractCsv,
  json: extractJson,
  html: extractHtml,
  image: async (bytes, { native, ocr }) => extractPicture(bytes, ocr, native),
};

/**
 * The text of a file of any type, as Markdown. Never throws for what a file contains: a result other than `text` is permanent
 * for this version of the file. Deterministic. Memory and time are bounded for the office and text types; the caller bounds the
 * process all the same, because libraries are native or recursive. `native: false` uses no native library.
 * With `ocr`, pages and pictures without text are read from what they show.
 */
export async function extractFile({
  native = true,
  ocr = null,
  ...file
}: NamedFile & Partial<Readers>): Promise<ExtractedFile> {
  try {
    if (file.bytes.length === 0) return without("no_text", "The file is empty");
    return cut(await EXTRACTORS[fileType(file)](file.bytes, { native, ocr }));
  } catch (error) {
    if (error instanceof ExtractionFailure) return without(error.result, error.message);
    const message = error instanceof Error ? error.message : String(error);
    return without("extraction_failed", `The file cannot be read: ${message}`);
  }
}

function without(result: ExtractionFailure["result"], message: string): ExtractedFile {
  return { result, extractor: OWN_EXTRACTOR, message };
}

/** A text within MOST_CHARACTERS: whole parts, then the whole lines of one that fit. */
function cut(file: ExtractedFile): ExtractedFile {
  if (file.result !== "text") return file;
  let left = MOST_CHARACTERS;
  const parts: FilePart[] = [];
  for (const part of file.parts) {
    const markdown = part.markdown.length <= left ? part.markdown : beginning(part.markdown, left);
    left -= markdown.length;
    if (markdown !== "") parts.push({ place: part.place, markdown });
    if (markdown.length < part.markdown.length) {
      const warning = `The text beyond ${MOST_CHARACTERS} characters was left out`;
      return { ...file, parts, warnings: [...file.warnings, warning] };
    }
  }
  return file;
}

function beginning(markdown: string, length: number): string {
  const end = markdown.lastIndexOf("\n", length);
  return markdown
    .slice(0, end > 0 ? end : length)
    .trimEnd()
    .toWellFormed();
}
