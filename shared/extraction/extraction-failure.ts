import type { ExtractedFile, FilePart, NoTextReason } from "./extracted-file.ts";

/** The readers of this folder with their revision: to be raised when they give other text. */
export const OWN_EXTRACTOR = "office 1";

/** Ends an extraction with a reason that is permanent for this version of the file; extractFile returns it as a result. */
export class ExtractionFailure extends Error {
  readonly result: NoTextReason;
  constructor(result: NoTextReason, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ExtractionFailure";
    this.result = result;
  }
}

/** A text with its parts that have any; `no_text` when none has. */
export function textOrNone(
  parts: readonly FilePart[],
  warnings: readonly string[] = [],
  extractor = OWN_EXTRACTOR,
): ExtractedFile {
  const written = parts.filter(({ markdown }) => markdown.trim() !== "");
  if (written.length === 0) return { result: "no_text", extractor, message: "The file contains no text" };
  return { result: "text", extractor, parts: written, warnings };
}
