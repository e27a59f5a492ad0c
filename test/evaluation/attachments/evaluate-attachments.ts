import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "#shared/env.ts";
import { openOcr } from "#shared/extraction/ocr-data.ts";
import { EXTRACTION_LIMITS, extractionRunner } from "#infra/local/runner/extraction/run-extraction.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { compareFile } from "./compare-file.ts";
import type { EvaluatedFile, HostileFile } from "./evaluated-file.ts";
import { readExpected, type ExpectedFile } from "./expected-file.ts";
import { meetsTargets, printReport, totalsOf } from "./print-attachments.ts";

/** The next file after each hostile one. */
const CONTROL = { name: "next.txt", mediaType: "text/plain", bytes: Buffer.from("The next file works.") };

export const evaluateAttachments = defineCommand({
  name: "npm run evaluate -- attachments",
  does: "How much of each file of a folder its extraction gives, through the process that a sync uses.",
  options: {
    dir: {
      type: "folder",
      value: "DIR",
      required: true,
      description: "files and expected.jsonl; hostile/ too",
    },
    ocr: { type: "flag", description: "only the files whose text OCR must find" },
    json: { type: "flag", description: "totals as one JSON object instead of the report" },
  },
  more: "The exit code is 1 if a target is missed.",
  run: async ({ dir, json, ocr }) => {
    if (ocr) return evaluateOcr(dir, json);
    const run = extractionRunner();
    const evaluated = await evaluateFolder(dir, run);
    const other = await evaluateFolder(dir, extractionRunner(undefined, { native: false }), /^pdf\//);
    const hostile = existsSync(join(dir, "hostile")) ? await evaluateHostile(join(dir, "hostile"), run) : [];
    if (json) console.log(JSON.stringify(totalsOf(evaluated, hostile)));
    else printReport(evaluated, other, hostile);
    return meetsTargets(evaluated, hostile) ? 0 : 1;
  },
});

type Run = ReturnType<typeof extractionRunner>;

/** The files with an `ocr` in `expected.jsonl`, with OCR on. */
async function evaluateOcr(dir: string, json: boolean): Promise<number> {
  const run = extractionRunner(EXTRACTION_LIMITS, { ocr: openOcr(parseEnv(process.env).OCR_DATA) });
  const files: EvaluatedFile[] = [];
  for (const { ocr, ...expected } of await readExpected(dir)) {
    if (ocr === undefined) continue;
    const result = ocr.length === 0 ? "no_text" : "text";
    files.push(await evaluateFile(dir, { ...expected, must_contain: ocr, result }, run));
  }
  if (json) console.log(JSON.stringify(totalsOf(files, [])));
  else printReport(files, [], []);
  return meetsTargets(files, []) ? 0 : 1;
}

async function evaluateFolder(dir: string, run: Run, only = /./): Promise<EvaluatedFile[]> {
  const files: EvaluatedFile[] = [];
  for (const expected of await readExpected(dir)) {
    if (only.test(expected.file)) files.push(await evaluateFile(dir, expected, run));
  }
  return files;
}

async function evaluateFile(dir: string, expected: ExpectedFile, run: Run): Promise<EvaluatedFile> {
  const bytes = await readFile(join(dir, expected.file));
  const extraction = await run({ name: expected.file, mediaType: "", bytes });
  const comparison = compareFile(expected, extraction.file);
  return { file: expected.file, type: dirname(expected.file), comparison, extraction };
}

async function evaluateHostile(dir: string, run: Run): Promise<HostileFile[]> {
  const files: HostileFile[] = [];
  for (const expected of await readExpected(dir)) {
    const evaluated = await evaluateFile(dir, expected, run);
    const next = await run(CONTROL);
    files.push({ ...evaluated, nextWorks: next.file.result === "text" });
  }
  return files;
}
