import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { errorMessage } from "#shared/errors.ts";
import type { BodyFormat } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { BODY_FORMAT, readPageBodies, type PageBody } from "#test/support/page-bodies.ts";
import { compareColumnNames } from "./column-names.ts";
import { compareFacts, readShownPage } from "./compare-page.ts";
import type { EvaluatedPage, FailedPage } from "./evaluated-page.ts";
import { hostsOf, interfaceTexts } from "./output-text.ts";
import { pageFacts } from "./page-facts.ts";
import { printReport } from "./print-report.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { evaluationResolver } from "./resolver.ts";

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
      pages.push({ file, ...evaluatePage(format, body) });
    } catch (error) {
      failed.push({ file, reason: errorMessage(error) });
    }
  }
  printReport(pages, failed);
}

function evaluatePage(format: BodyFormat, body: string): Omit<EvaluatedPage, "file"> {
  const started = performance.now();
  const { markdown, outline, textLost } = readPage({ format, value: body }).toMarkdown(evaluationResolver);
  const milliseconds = performance.now() - started;
  const chunks = chunkMarkdown(markdown, { outline }).map(({ content }) => content);
  const shown = readShownPage(format, body);
  const expected = pageFacts(shown, "page");
  const actual = pageFacts(renderMarkdown(markdown));
  return {
    comparison: compareFacts(expected, actual),
    textLost,
    milliseconds,
    chunkTokens: chunks.map(estimateTokens),
    columnNames: compareColumnNames(shown, chunks),
    interfaceTexts: interfaceTexts(shown, markdown),
    hosts: { page: hostsOf(expected.links), markdown: hostsOf(actual.links) },
  };
}
