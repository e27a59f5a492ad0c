import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { errorMessage, PermanentError, TransientError } from "#shared/errors.ts";
import { extractedFile, type ExtractedFile } from "./extracted-file.ts";

/**
 * What the function that extracts files returns: the `ExtractedFile` as JSON, gzipped, in base64, because a response holds 6 MB;
 * or the typed error. An error that it returns, unlike one that it throws, is none in its own metrics: those count crashes.
 */
const extractionResponse = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("extracted"), encoding: z.literal("gzip+base64"), body: z.base64() }),
  z.object({
    outcome: z.enum(["permanent_error", "transient_error"]),
    code: z.string(),
    message: z.string(),
  }),
]);
export type ExtractionResponse = z.infer<typeof extractionResponse>;

/** Most bytes of JSON that are unpacked: six for each of two million characters (escaped ones), and what is around them. */
const MOST_BYTES = 20_000_000;

/** The outcome of an extraction as a response; errors that are not typed by remedy are thrown. */
export async function toExtractionResponse(extraction: Promise<ExtractedFile>): Promise<ExtractionResponse> {
  try {
    const json = JSON.stringify(await extraction);
    return { outcome: "extracted", encoding: "gzip+base64", body: gzipSync(json).toString("base64") };
  } catch (error) {
    if (error instanceof PermanentError)
      return { outcome: "permanent_error", code: error.code, message: error.message };
    if (error instanceof TransientError)
      return { outcome: "transient_error", code: error.code, message: error.message };
    throw error;
  }
}

/**
 * The file in a response. Throws the typed error that the response contains, and an error that says why if it is no response of
 * this kind: a hostile file may have made the function return anything.
 */
export function fromExtractionResponse(value: unknown): ExtractedFile {
  const response = extractionResponse.parse(value);
  if (response.outcome !== "extracted") {
    const Typed = response.outcome === "permanent_error" ? PermanentError : TransientError;
    throw new Typed(response.code, response.message);
  }
  return extractedFile.parse(JSON.parse(unzipped(response.body)));
}

function unzipped(body: string): string {
  try {
    return gunzipSync(Buffer.from(body, "base64"), { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch (error) {
    throw new Error(`The response cannot be unpacked: ${errorMessage(error)}`, { cause: error });
  }
}
