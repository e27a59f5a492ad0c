import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { errorMessage } from "#shared/errors.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { BODY_FORMAT, readPageBodies, type PageBody } from "#test/support/page-bodies.ts";
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

export const evaluateConversion = defineCommand({
  name: "npm run evaluate -- conversion",
  does: "How much of each page below a folder arrives in the Markdown.",
  options: {
    dir: { type: "folder", value: "DIR", required: true, description: "page bodies (.xml, .html)" },
    format: BODY_FORMAT,
  },
  run: async ({ dir, format }) => evaluate(await readPageBodies(dir, format)),
});

function evaluate(bodies: readonly PageBody[]): void {
  const pages: EvaluatedPage[] = [];
  const failed: FailedPage[] = [];
  for (const { file, body, format } of bodies) {
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
