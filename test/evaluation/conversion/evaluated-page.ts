import type { PageComparison } from "./compare-page.ts";
import type { Difference } from "./compare-sequences.ts";

/** How much of a page arrived in its Markdown. */
export type EvaluatedPage = {
  file: string;
  comparison: PageComparison;
  textLost: string | null;
  milliseconds: number;
  chunkTokens: number[];
  /** One entry for each table and chunk of it: whether the names of its columns are there. */
  columnNames: Difference & { expected: number };
  /** Texts of Confluence's interface in the Markdown. */
  interfaceTexts: string[];
  hosts: { page: Map<string, number>; markdown: Map<string, number> };
};
/** A page that could not be converted. */
export type FailedPage = { file: string; reason: string };
