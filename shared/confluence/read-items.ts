import type { z } from "zod";
import { PermanentError } from "#shared/errors.ts";
import { identifiedSchema } from "./schemas.ts";

/** Items that fit the schema, and the others. Throws `invalid_answer` where none fits and none has an id: these are no items. */
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
  if (results.length === 0 && odd.length > 0 && !odd.some((one) => identifiedSchema.safeParse(one).success))
    throw invalidAnswer(faults);
  return { results, odd };
}

/** The error for an answer without the fields that the sync needs; `faults` name them. */
export function invalidAnswer(faults: readonly string[]): PermanentError {
  return new PermanentError("invalid_answer", "Confluence's answer lacks what the sync needs", {
    details: { faults: faults.slice(0, 5) },
  });
}
