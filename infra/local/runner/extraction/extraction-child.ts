import { Worker } from "node:worker_threads";
import { errorMessage } from "#shared/errors.ts";
import { extractFile } from "#shared/extraction/extract-file.ts";
import type { ExtractionRequest } from "./extraction-messages.ts";

/** A process that extracts one file, which its parent sends, sends back the result, and ends. */
process.once("message", ({ file, limits, ocr }: ExtractionRequest) => {
  new Worker(new URL("extraction-watchdog.ts", import.meta.url), { workerData: limits }).once(
    "online",
    () => {
      void extract({ ...file, ocr }).then((extracted) => {
        const peakBytes = process.resourceUsage().maxRSS * 1024;
        process.send?.({ file: extracted, peakBytes }, () => process.exit());
      });
    },
  );
});

async function extract(file: Parameters<typeof extractFile>[0]) {
  try {
    return await extractFile(file);
  } catch (error) {
    return { result: "extraction_failed", extractor: "none", message: errorMessage(error) };
  }
}
