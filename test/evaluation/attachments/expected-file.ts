import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const strings = z.array(z.string());

/** One line of `expected.jsonl`: what a file must give; `order: false`: in any order. */
export const expectedFile = z.object({
  file: z.string(),
  must_contain: strings.default([]),
  must_not_contain: strings.default([]),
  must_be_table_cells: z.array(strings).default([]),
  headings: strings.default([]),
  list_items: strings.default([]),
  any_of: z.array(strings).default([]),
  on_page: z.record(z.string(), z.string()).default({}),
  order: z.boolean().default(true),
  pages: z.number().optional(),
  slides: z.number().optional(),
  sheets: strings.optional(),
  max_characters: z.number().optional(),
  /** What OCR must find; [] where there is nothing to read. */
  ocr: strings.optional(),
  result: z.union([z.string(), strings]).optional(),
});

export type ExpectedFile = z.infer<typeof expectedFile>;

export async function readExpected(folder: string): Promise<ExpectedFile[]> {
  const lines = (await readFile(join(folder, "expected.jsonl"), "utf8")).split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => expectedFile.parse(JSON.parse(line)));
}
