import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "#shared/errors.ts";

/** A file of an evaluation that cannot be used, for the person who named it. */
export function unusable(message: string): UserError {
  return new UserError(422, "set_unusable", message);
}

/** The lines of a `.jsonl` file, each with `at`: where it stands. Blank lines count as lines only. */
export async function readLines<T extends z.ZodType>(
  file: string,
  schema: T,
): Promise<{ at: string; value: z.output<T> }[]> {
  const text = await readText(file);
  const lines = text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === "") return [];
    const at = `${file}, line ${index + 1}`;
    const parsed = schema.safeParse(parseJson(at, line));
    if (!parsed.success)
      throw unusable(`${at}: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, " ")}`);
    return [{ at, value: parsed.data }];
  });
  if (lines.length === 0) throw unusable(`${file} is empty: it needs one JSON object a line`);
  return lines;
}

export async function readText(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const why = error.code === "ENOENT" ? "not found" : `cannot be read (${String(error.code)})`;
    throw unusable(`${file} ${why}`);
  }
}

function parseJson(at: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw unusable(`${at} is not JSON: ${line.slice(0, 80)}`);
  }
}
