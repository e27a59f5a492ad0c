import { type ExtractedFile, MOST_ROWS } from "#shared/extraction/extracted-file.ts";
import { ExtractionFailure, textOrNone } from "#shared/extraction/extraction-failure.ts";
import { markdownOfHtml } from "#shared/extraction/html-markdown.ts";
import { escapeMarkdown } from "#shared/markdown/print/escape-markdown.ts";
import { fencedCode } from "#shared/markdown/print/fenced-code.ts";
import { declaredEncoding, decodeText } from "./decode-text.ts";
import { gridMarkdown } from "./grid-markdown.ts";
import { readCsv } from "./read-csv.ts";

/** Binary files have zero bytes, texts in the encodings that are read have none once decoded. */
const LOOKED_AT = 10_000;

/** Plain text: its lines as they are, each literally. */
export function extractTxt(bytes: Uint8Array): ExtractedFile {
  const lines = textOf(bytes)
    .split(/\r\n?|\n/)
    .map((line) =>
      escapeMarkdown(line.trim(), { startsLine: true, endsLine: true, inLink: false, inCell: false }),
    );
  return single(
    lines.map((line, index) => (line !== "" && lines[index + 1] ? `${line}  ` : line)).join("\n"),
  );
}

/** Markdown as it is. */
export function extractMd(bytes: Uint8Array): ExtractedFile {
  return single(textOf(bytes).replaceAll(/\r\n?/g, "\n"));
}

/** A table of comma-separated (or `;`, tab, `|`) values; its first row is the header. */
export function extractCsv(bytes: Uint8Array): ExtractedFile {
  const { rows, isCut } = readCsv(textOf(bytes), MOST_ROWS);
  return single(gridMarkdown(rows), isCut ? [`Rows after the first ${MOST_ROWS} were left out`] : []);
}

/** JSON as a block of code. */
export function extractJson(bytes: Uint8Array): ExtractedFile {
  return single(fencedCode(textOf(bytes), "json"));
}

/** HTML by the converter of pages. */
export function extractHtml(bytes: Uint8Array): ExtractedFile {
  return single(markdownOfHtml(textOf(bytes, declaredEncoding(bytes))));
}

function textOf(bytes: Uint8Array, declared: string | null = null): string {
  const text = decodeText(bytes, declared);
  if (!text.slice(0, LOOKED_AT).includes("\0")) return text;
  throw new ExtractionFailure(
    "unsupported_type",
    "The file has the name of a text, but contains binary data",
  );
}

function single(markdown: string, warnings: readonly string[] = []): ExtractedFile {
  return textOrNone([{ place: null, markdown: markdown.trim() }], warnings);
}
