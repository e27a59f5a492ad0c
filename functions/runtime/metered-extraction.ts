import type { ExtractFile } from "#shared/extraction/extract-attachment.ts";
import type { Log } from "#shared/log.ts";

/** The extraction, with a log line for each file that says what it took and what came of it; neither its name nor its text. */
export function meterExtraction(extractFile: ExtractFile, log: Log): ExtractFile {
  return async (file) => {
    const started = performance.now();
    const extracted = await extractFile(file);
    const parts = extracted.result === "text" ? extracted.parts : [];
    log.info("file.extracted", {
      result: extracted.result,
      extractor: extracted.extractor,
      file_bytes: file.bytes.length,
      extraction_seconds: (performance.now() - started) / 1000,
      parts: parts.length,
      characters: parts.reduce((sum, { markdown }) => sum + markdown.length, 0),
    });
    return extracted;
  };
}
