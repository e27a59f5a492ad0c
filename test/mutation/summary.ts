import { z } from "zod";

const reportSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.string(),
      mutants: z.array(
        z.object({
          status: z.string(),
          replacement: z.string().default(""),
          location: z.object({
            start: z.object({ line: z.number(), column: z.number() }),
            end: z.object({ line: z.number(), column: z.number() }),
          }),
        }),
      ),
    }),
  ),
});

export type Summary = {
  mutants: number;
  found: number;
  /** Percent of the mutants that were tried. */
  score: number;
  /** Percentage points, with 95 % confidence, by which the score of all mutants may differ from that of the sample. */
  margin: number;
  /** `file:line original → mutated`, for those that no test noticed. */
  survivors: string[];
};

/** Reads a report in the mutation testing elements' schema. */
export function summarize(report: string): Summary {
  let found = 0;
  const survivors: string[] = [];
  for (const [file, { source, mutants }] of Object.entries(reportSchema.parse(JSON.parse(report)).files)) {
    const lines = source.split("\n");
    for (const { status, replacement, location } of mutants) {
      if (status === "Killed" || status === "Timeout") found += 1;
      if (status !== "Survived" && status !== "NoCoverage") continue;
      const { start, end } = location;
      const text = lines.slice(start.line - 1, end.line).join("\n");
      const after = (lines[end.line - 1] ?? "").length - (end.column - 1);
      const original = text.slice(start.column - 1, text.length - after);
      survivors.push(`${file}:${start.line} ${short(original)} → ${short(replacement)}`);
    }
  }
  const tried = found + survivors.length;
  const share = tried ? found / tried : 1;
  const margin = tried ? 1.96 * Math.sqrt((share * (1 - share)) / tried) : 1;
  return { mutants: tried, found, score: percent(share), margin: percent(margin), survivors };
}

const short = (code: string): string => code.replaceAll(/\s+/g, " ").slice(0, 80);
const percent = (share: number): number => Math.round(share * 1000) / 10;
