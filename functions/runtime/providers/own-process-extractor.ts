import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import { extractAttachment } from "#shared/extraction/extract-attachment.ts";
import { meterExtraction } from "#functions/runtime/metered-extraction.ts";
import type { Provider } from "#functions/runtime/services.ts";

/** Downloads and extracts in this process: for the function that has nothing which a file could reach. */
export const ownProcessExtractor: Provider<"extractor"> = {
  name: "extractor",
  build: async (env, log) => {
    // Dynamic, so that a process which is given another extractor does not load the libraries.
    const { extractFile } = await import("#shared/extraction/extract-file.ts");
    const { openOcr } = await import("#shared/extraction/ocr-data.ts");
    const ocr = env.OCR === "local" ? openOcr(env.OCR_DATA) : null;
    const deps = {
      fetch: guardedFetch({ allowLoopback: env.ALLOW_LOOPBACK }),
      mediaHosts: env.MEDIA_HOSTS,
      allowLoopback: env.ALLOW_LOOPBACK,
      extractFile: meterExtraction(async (file) => extractFile({ ...file, ocr }), log),
    };
    return (file) => extractAttachment(file, deps);
  },
};
