import { EXTRACTION_LIMITS } from "#infra/local/runner/extraction/run-extraction.ts";
import { MEASURES, type Measure, type Score } from "./compare-file.ts";
import { shortOf, type EvaluatedFile, type HostileFile } from "./evaluated-file.ts";

/** Least share of words in order, in percent, of the types that have a target. */
const WORDS: Record<string, number> = { pdf: 97, docx: 99, pptx: 99, xlsx: 99 };
/** Least shares over all files, in percent. */
const SHARES: Partial<Record<Measure, number>> = { cells: 95, headings: 90 };
const MEGABYTE = 1024 ** 2;

type Files = readonly EvaluatedFile[];

export function meetsTargets(files: Files, hostile: readonly HostileFile[]): boolean {
  return targets(files, hostile).every(({ met }) => met);
}

function targets(files: Files, hostile: readonly HostileFile[]): { name: string; met: boolean }[] {
  const types = Map.groupBy(files, ({ type }) => type);
  return [
    ...Object.entries(WORDS).map(([type, least]) => ({
      name: `words of ${type} >= ${least} %`,
      met: percent(total(types.get(type) ?? [], "words")) >= least,
    })),
    ...Object.entries(SHARES).map(([measure, least]) => ({
      name: `${measure} >= ${least} %`,
      met: percent(total(files, measure as Measure)) >= least,
    })),
    { name: "each file's result", met: files.every(hasItsResult) },
    {
      name: "each hostile file ends within its limits and the next one works",
      met: hostile.every((file) => file.nextWorks && hasItsResult(file) && withinLimits(file)),
    },
  ];
}

function hasItsResult({ comparison: { result } }: EvaluatedFile): boolean {
  return result.found === result.expected;
}

/** The watchdog looks every 10 ms: what is allocated meanwhile is beyond the limit. */
function withinLimits({ extraction: { milliseconds, peakBytes } }: HostileFile): boolean {
  return (
    milliseconds < EXTRACTION_LIMITS.milliseconds * 1.1 && (peakBytes ?? 0) < EXTRACTION_LIMITS.bytes * 1.25
  );
}

/** One object for machines: shares by type and over all, and the targets. */
export function totalsOf(files: Files, hostile: readonly HostileFile[]): object {
  const shares = (some: Files) =>
    Object.fromEntries(
      MEASURES.map((measure) => [measure, Number(percent(total(some, measure)).toFixed(2))]),
    );
  return {
    evaluate: "attachments",
    types: Object.fromEntries(
      [...Map.groupBy(files, ({ type }) => type)].map(([type, some]) => [type, shares(some)]),
    ),
    all: shares(files),
    short: files
      .filter((file) => shortOf(file).length > 0)
      .map(({ file, comparison }) => ({ file, missing: comparison.missing })),
    hostile: hostile.map((file) => ({
      file: file.file,
      result: file.extraction.file.result,
      seconds: Number((file.extraction.milliseconds / 1000).toFixed(2)),
      peak_mb: megabytes(file),
      next_works: file.nextWorks,
    })),
    targets: Object.fromEntries(targets(files, hostile).map(({ name, met }) => [name, met])),
  };
}

export function printReport(files: Files, other: Files, hostile: readonly HostileFile[]): void {
  console.log(
    [
      "type".padEnd(14),
      "files",
      ...MEASURES.map((one) => one.padStart(18)),
      "parts/s".padStart(9),
      "peak MB".padStart(9),
    ].join(" "),
  );
  for (const [type, some] of Map.groupBy(files, ({ type }) => type)) printRow(type, some);
  printRow("all", files);
  printRow("pdf by unpdf", other);
  const short = files.filter((file) => shortOf(file).length > 0);
  console.log(`\nfiles that fall short: ${short.length} of ${files.length}`);
  for (const { file, comparison } of short) {
    console.log(`  ${file}`);
    for (const what of comparison.missing) console.log(`    ${what.slice(0, 160)}`);
  }
  console.log(`\nhostile files${" ".repeat(19)}result              seconds  peak MB  next works`);
  for (const file of hostile) {
    const { result } = file.extraction.file;
    const seconds = (file.extraction.milliseconds / 1000).toFixed(2);
    console.log(
      `  ${file.file.padEnd(30)}${result.padEnd(20)}${seconds.padStart(7)}${String(megabytes(file) ?? "?").padStart(9)}  ${file.nextWorks ? "yes" : "NO"}`,
    );
    for (const what of file.comparison.missing) console.log(`    ${what.slice(0, 160)}`);
  }
  console.log();
  for (const { name, met } of targets(files, hostile)) console.log(`${met ? "met   " : "MISSED"} ${name}`);
}

function printRow(name: string, files: Files): void {
  const scores = MEASURES.map((measure) => {
    const { found, expected } = total(files, measure);
    return (
      expected === 0 ? "-" : `${found}/${expected} ${percent({ found, expected }).toFixed(1)}%`
    ).padStart(18);
  });
  const parts = files.map(({ extraction: { file } }) => (file.result === "text" ? file.parts.length : 0));
  const seconds = files.map(({ extraction }) => extraction.milliseconds / 1000);
  const peak = Math.max(0, ...files.map((file) => megabytes(file) ?? 0));
  console.log(
    [
      name.padEnd(14),
      String(files.length).padStart(5),
      ...scores,
      (sum(parts) / sum(seconds)).toFixed(1).padStart(9),
      String(peak).padStart(9),
    ].join(" "),
  );
}

function megabytes({ extraction: { peakBytes } }: EvaluatedFile): number | null {
  return peakBytes === null ? null : Math.round(peakBytes / MEGABYTE);
}

function total(files: Files, measure: Measure): Score {
  const scores = files.map(({ comparison }) => comparison[measure]);
  return {
    expected: sum(scores.map(({ expected }) => expected)),
    found: sum(scores.map(({ found }) => found)),
  };
}

function percent({ found, expected }: Score): number {
  return expected === 0 ? 100 : (100 * found) / expected;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
