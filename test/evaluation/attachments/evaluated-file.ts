import type { Extraction } from "#infra/local/runner/extraction/run-extraction.ts";
import { MEASURES, type Comparison } from "./compare-file.ts";

/** A file, what was extracted from it, and how that compares with what is expected. */
export type EvaluatedFile = { file: string; type: string; comparison: Comparison; extraction: Extraction };
/** A file made to break the extraction, and whether the next one worked. */
export type HostileFile = EvaluatedFile & { nextWorks: boolean };

/** Measures that a file falls short in. */
export function shortOf({ comparison }: EvaluatedFile): string[] {
  return MEASURES.filter((measure) => comparison[measure].found < comparison[measure].expected);
}
