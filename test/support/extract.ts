import { extractFile } from "#shared/extraction/extract-file.ts";
import type { FilePart } from "#shared/extraction/extracted-file.ts";

/** The parts of a file that must have a text. */
export async function partsOf(name: string, bytes: Uint8Array): Promise<readonly FilePart[]> {
  const file = await extractFile({ name, mediaType: "application/octet-stream", bytes });
  if (file.result !== "text") throw new Error(`${name} gave ${file.result}: ${file.message}`);
  return file.parts;
}

/** The Markdown of a file that must have a text, its parts one after the other. */
export async function markdownOf(name: string, bytes: Uint8Array): Promise<string> {
  return (await partsOf(name, bytes)).map(({ markdown }) => markdown).join("\n\n");
}
