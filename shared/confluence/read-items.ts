import type { z } from "zod";
import { PermanentError } from "#shared/errors.ts";
import { identifiedSchema } from "./schemas.ts";

/**
 * Items that fit the schema, and the others. Throws `invalid_answer` where none fits (but for a single one that has an id): then
 * it is not the items that are odd.
 */
export function readItems<T extends z.ZodType>(item: T, items: readonly unknown[]) {
  const results: z.output<T>[] = [];
  const odd: unknown[] = [];
  const faults: string[] = [];
  for (const one of items) {
    const read = item.safeParse(one);
    if (read.success) results.push(read.data);
    else {
      odd.push(one);
      faults.push(...read.error.issues.map((issue) => `results.${issue.path.join(".")}: ${issue.code}`));
    }
  }
  const isOneOddItem = odd.length === 1 && identifiedSchema.safeParse(odd[0]).success;
  if (results.length === 0 && odd.length > 0 && !isOneOddItem) throw invalidAnswer(faults);
  return { results, odd };
}

/** The error for an answer without the fields that the sync needs; `faults` name them. */
export function invalidAnswer(faults: readonly string[]): PermanentError {
  return new PermanentError("invalid_answer", "Confluence's answer lacks what the sync needs", {
    details: { faults: faults.slice(0, 5) },
  });
}
