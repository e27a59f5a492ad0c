import { parseArgs } from "node:util";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { errorMessage } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { readPageBodies } from "#test/support/page-bodies.ts";
import { comparePage, type PageComparison } from "./compare-page.ts";
import { printReport } from "./print-report.ts";
import { evaluationResolver } from "./resolver.ts";

export type EvaluatedPage = {
  file: string;
  comparison: PageComparison;
  textLost: string | null;
  milliseconds: number;
  chunkTokens: number[];
};
export type FailedPage = { file: string; reason: string };

/** `evaluate conversion --dir DIR [--format storage|export_view]`: how much of each page below DIR arrives in the Markdown. */
export async function evaluateConversion(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { dir: { type: "string" }, format: { type: "string" } } });
  if (!values.dir) throw new Error("--dir is missing: a folder of page bodies (.xml, .html)");
  const pages: EvaluatedPage[] = [];
  const failed: FailedPage[] = [];
  for (const { file, body, format } of await readPageBodies(values.dir, values.format)) {
    try {
      const started = performance.now();
      const { markdown, textLost } = readPage({ format, value: body }).toMarkdown(evaluationResolver);
      const milliseconds = performance.now() - started;
      const chunkTokens = chunkMarkdown(markdown).map((chunk) => estimateTokens(chunk.content));
      pages.push({
        file,
        comparison: comparePage(format, body, markdown),
        textLost,
        milliseconds,
        chunkTokens,
      });
    } catch (error) {
      failed.push({ file, reason: errorMessage(error) });
    }
  }
  printReport(pages, failed);
}
