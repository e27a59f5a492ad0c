import { meterExtraction } from "#functions/runtime/metered-extraction.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import type { Env } from "#shared/env.ts";
import { extractAttachment } from "#shared/extraction/extract-attachment.ts";
import type { Extractor } from "#shared/extraction/extractor.ts";
import { openOcr } from "#shared/extraction/ocr-data.ts";
import type { Log } from "#shared/log.ts";
import { EXTRACTION_LIMITS, extractionRunner } from "./run-extraction.ts";

/** Downloads here, so that no address reaches the child, and extracts in a process with limits, one file at a time. */
export function childProcessExtractor(env: Env, log: Log): Extractor {
  const run = extractionRunner(EXTRACTION_LIMITS, {
    ocr: env.OCR === "local" ? openOcr(env.OCR_DATA) : null,
  });
  const deps = {
    fetch: guardedFetch({ allowLoopback: env.ALLOW_LOOPBACK }),
    mediaHosts: env.MEDIA_HOSTS,
    allowLoopback: env.ALLOW_LOOPBACK,
    extractFile: meterExtraction(async (file) => (await run(file)).file, log),
  };
  return (file) => extractAttachment(file, deps);
}
