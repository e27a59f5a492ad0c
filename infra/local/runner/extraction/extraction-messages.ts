import { z } from "zod";
import { extractedFile } from "#shared/extraction/extracted-file.ts";
import type { Ocr } from "#shared/extraction/ocr.ts";

/** A file as it is handed over for extraction. */
export type FileToExtract = { name: string; mediaType: string; bytes: Uint8Array };

/** Most memory (resident, of the whole process) and time that one file may take. */
export type ExtractionLimits = { bytes: number; milliseconds: number };

/** What the child process is sent. */
export type ExtractionRequest = { file: FileToExtract; limits: ExtractionLimits; ocr: Ocr | null };

/** What the child process sends: a hostile file may have made it send anything. */
export const extractionReply = z.object({ peakBytes: z.number(), file: extractedFile });

/** What the watchdog writes on stderr before it kills its process. */
export const killNotice = z.object({ killed: z.enum(["memory", "time"]), peakBytes: z.number() });
