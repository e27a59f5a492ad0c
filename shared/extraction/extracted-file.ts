import { z } from "zod";

/** Where in its file a part of the text stands: pages and slides count from 1; a sheet has its name. */
export type FilePlace =
  | { kind: "page"; number: number }
  | { kind: "slide"; number: number }
  | { kind: "sheet"; name: string };

/** Markdown of one page, slide or sheet; `place` is null in files without any (DOCX, TXT). */
export type FilePart = { place: FilePlace | null; markdown: string };

/** Why a file gives no text; each is permanent for this version of the file. */
export const NO_TEXT_REASONS = [
  "no_text",
  "unsupported_type",
  "encrypted",
  "extraction_failed",
  "too_large",
] as const;
export type NoTextReason = (typeof NO_TEXT_REASONS)[number];

/**
 * The text of one file. `extractor` names the library and its version, because a newer one gives other text. `warnings` says
 * in words what was left out (rows beyond a limit, text beyond 2 million characters).
 */
export type ExtractedFile =
  | { result: "text"; extractor: string; parts: readonly FilePart[]; warnings: readonly string[] }
  | { result: NoTextReason; extractor: string; message: string };

/** Characters of Markdown that one file may give: a Lambda's response holds 6 MB. What is beyond is cut, with a warning. */
export const MOST_CHARACTERS = 2_000_000;

/** Rows of one sheet that are taken; what is beyond is cut, with a warning. */
export const MOST_ROWS = 2000;

const place = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["page", "slide"]), number: z.number().int().positive() }),
  z.object({ kind: z.literal("sheet"), name: z.string() }),
]);

/** An `ExtractedFile` as the database or another process has it: a hostile file may have made that one send anything. */
export const extractedFile: z.ZodType<ExtractedFile> = z.discriminatedUnion("result", [
  z.object({
    result: z.literal("text"),
    extractor: z.string(),
    parts: z.array(z.object({ place: place.nullable(), markdown: z.string() })),
    warnings: z.array(z.string()),
  }),
  z.object({
    result: z.enum(NO_TEXT_REASONS),
    extractor: z.string(),
    message: z.string(),
  }),
]);
