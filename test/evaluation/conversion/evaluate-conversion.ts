import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { errorMessage } from "#shared/errors.ts";
import { convertPage } from "#shared/markdown/convert-page.ts";
import type { BodyFormat } from "#shared/markdown/page-content.ts";
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
  for (const path of await bodyFiles(values.dir)) {
    const file = relative(values.dir, path);
    const body = await readFile(path, "utf8");
    const format = formatOf(path, body, values.format);
    try {
      const started = performance.now();
      const { markdown, textLost } = convertPage({ format, body, resolver: evaluationResolver });
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

async function bodyFiles(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /^\.(?:xml|html|xhtml)$/.test(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** As asked for; else storage by its own elements or the ending .xml. */
function formatOf(path: string, body: string, asked: string | undefined): BodyFormat {
  if (asked === "storage" || asked === "export_view") return asked;
  if (asked !== undefined) throw new Error(`--format is storage or export_view, not ${asked}`);
  return extname(path) === ".xml" || /<(?:ac|ri):/.test(body) ? "storage" : "export_view";
}
