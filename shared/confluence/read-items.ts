import type { z } from "zod";
import { PermanentError } from "#shared/errors.ts";
import { identifiedSchema } from "./schemas.ts";

/**
 * Items that match the schema, and the others with their faults. Throws `invalid_answer` if none matches (except for a single one
 * that has an id): then the response is at fault, not its items.
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
      faults.push(...faultsOf(read.error).map((fault) => `results.${fault}`));
    }
  }
  const isOneOddItem = odd.length === 1 && identifiedSchema.safeParse(odd[0]).success;
  if (results.length === 0 && odd.length > 0 && !isOneOddItem) throw invalidResponse(faults);
  return { results, odd, faults };
}

/** The faults that zod found, as text: `title: invalid_type`. */
export function faultsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join(".")}: ${issue.code}`);
}

/** The error for a response without the fields that the sync needs; `faults` name them. */
export function invalidResponse(faults: readonly string[]): PermanentError {
  return new PermanentError("invalid_answer", "Confluence's response lacks what the sync needs", {
    details: { faults: faults.slice(0, 5) },
  });
}
