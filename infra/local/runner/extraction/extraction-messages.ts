import { z } from "zod";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";

/** A file as it is handed over for extraction. */
export type FileToExtract = { name: string; mediaType: string; bytes: Uint8Array };

/** Most memory (resident, of the whole process) and time that one file may take. */
export type ExtractionLimits = { bytes: number; milliseconds: number };

const place = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["page", "slide"]), number: z.number().int().positive() }),
  z.object({ kind: z.literal("sheet"), name: z.string() }),
]);

/** What the child process sends: a hostile file may have made it send anything. */
export const extractionReply = z.object({
  peakBytes: z.number(),
  file: z.discriminatedUnion("result", [
    z.object({
      result: z.literal("text"),
      extractor: z.string(),
      parts: z.array(z.object({ place: place.nullable(), markdown: z.string() })),
      warnings: z.array(z.string()),
    }),
    z.object({
      result: z.enum(["no_text", "unsupported_type", "encrypted", "extraction_failed", "too_large"]),
      extractor: z.string(),
      message: z.string(),
    }),
  ]) satisfies z.ZodType<ExtractedFile>,
});

/** What the watchdog writes on stderr before it kills its process. */
export const killNotice = z.object({ killed: z.enum(["memory", "time"]), peakBytes: z.number() });
