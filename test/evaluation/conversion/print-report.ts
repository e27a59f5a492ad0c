import { isLossless, type Measure, MEASURES } from "./compare-page.ts";
import type { EvaluatedPage, FailedPage } from "./evaluated-page.ts";

const WORST_PAGES = 10;
const SHOWN_ITEMS = 6;

/** Prints the table, then the pages that lost most and what they lost. */
export function printReport(pages: readonly EvaluatedPage[], failed: readonly FailedPage[]): void {
  for (const measure of MEASURES) {
    const expected = sum(pages.map(({ comparison }) => comparison[measure].expected));
    const kept = sum(pages.map(({ comparison }) => comparison[measure].kept));
    row(labels[measure], `${percent(kept, expected)}   ${kept} of ${expected}`);
    if (measure === "words") {
      const extra = sum(pages.map(({ comparison }) => comparison.words.extra.length));
      row("extra words", `${percent(extra, expected)}   ${extra}`);
    }
  }
  printOutputRows(pages);
  const lossless = pages.filter(({ comparison }) => isLossless(comparison)).length;
  row("lossless pages", `${percent(lossless, pages.length)}   ${lossless} of ${pages.length}`);
  row("pages failed", String(failed.length));
  row("pages with text_lost", String(pages.filter(({ textLost }) => textLost !== null).length));
  row("pages a second", (pages.length / (sum(pages.map((page) => page.milliseconds)) / 1000)).toFixed(0));
  const chunks = pages.flatMap(({ chunkTokens }) => chunkTokens).sort((a, b) => a - b);
  row("chunks a page", (chunks.length / Math.max(1, pages.length)).toFixed(1));
  row(
    "chunk tokens",
    [0.1, 0.5, 0.9, 0.99, 1].map((share) => `p${share * 100}: ${quantile(chunks, share)}`).join("  "),
  );
  for (const { file, reason } of failed) console.log(`FAILED ${file}: ${reason}`);
  const worst = pages
    .map((page) => ({ page, differences: differencesOf(page) }))
    .filter(({ differences }) => differences > 0)
    .sort((a, b) => b.differences - a.differences);
  console.log(`\npages with differences: ${worst.length}; the worst:`);
  for (const { page } of worst.slice(0, WORST_PAGES)) printPage(page);
  const lossy = pages.filter(({ comparison }) => !isLossless(comparison));
  console.log(`\npages that are not lossless: ${lossy.length}`);
  for (const { file, comparison } of lossy) {
    console.log(`  ${file}: lost ${comparison.words.lost.slice(0, 12).join(" ")}`);
  }
  const short = pages.filter((page) => shortcomings(page).length > 0);
  console.log(`\npages whose output falls short otherwise: ${short.length}`);
  for (const page of short) {
    console.log(`  ${page.file}`);
    for (const line of shortcomings(page).slice(0, SHOWN_ITEMS)) console.log(`    ${line}`);
  }
}

/** How many hosts are named. */
const SHOWN_HOSTS = 5;

/** What is asked of the output as a whole: its chunks, what does not belong there, where its links lead. */
function printOutputRows(pages: readonly EvaluatedPage[]): void {
  const tables = pages.map(({ columnNames }) => columnNames);
  const kept = sum(tables.map((table) => table.kept));
  const expected = sum(tables.map((table) => table.expected));
  row("column names in chunks", `${percent(kept, expected)}   ${kept} of ${expected}`);
  row("interface texts", String(sum(pages.map((page) => page.interfaceTexts.length))));
  const onPages = totals(pages.map(({ hosts }) => hosts.page));
  const inMarkdown = totals(pages.map(({ hosts }) => hosts.markdown));
  const most = [...onPages].sort(([, a], [, b]) => b - a).slice(0, SHOWN_HOSTS);
  row(
    "links by host",
    most.map(([host, count]) => `${host} ${inMarkdown.get(host) ?? 0} of ${count}`).join("  "),
  );
  row("links to other hosts", String(sum(pages.map((page) => otherHosts(page).length))));
}

/** Hosts that the Markdown links to and the page does not. */
function otherHosts({ hosts }: EvaluatedPage): string[] {
  return [...hosts.markdown.keys()].filter((host) => !hosts.page.has(host));
}

function totals(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const total = new Map<string, number>();
  for (const count of counts) for (const [key, value] of count) total.set(key, (total.get(key) ?? 0) + value);
  return total;
}

/** What a page falls short of beside what is compared item by item. */
function shortcomings(page: EvaluatedPage): string[] {
  return [
    ...page.columnNames.lost.map((lost) => `column names missing in a chunk: ${lost}`),
    ...page.interfaceTexts.map((text) => `interface text: ${text}`),
    ...otherHosts(page).map((host) => `links to ${host}, which the page does not`),
  ];
}

const labels: Record<Measure, string> = {
  words: "words in order",
  headings: "headings",
  tables: "tables",
  cells: "cells",
  codeBlocks: "code blocks",
  links: "links",
  listItems: "list items",
  struck: "struck text",
  titles: "box and tab titles",
  statuses: "status colours",
  decisions: "decision states",
  numbers: "list numbers",
};

function printPage({ file, comparison, textLost }: EvaluatedPage): void {
  console.log(`  ${file}${textLost === null ? "" : `  text_lost: ${textLost.slice(0, 80)}`}`);
  for (const measure of MEASURES) {
    const { lost, extra } = comparison[measure];
    if (lost.length > 0) console.log(`    ${labels[measure]} lost ${lost.length}: ${sample(lost)}`);
    if (measure === "words" && extra.length > 0)
      console.log(`    extra words ${extra.length}: ${sample(extra)}`);
  }
}

function differencesOf({ comparison }: EvaluatedPage): number {
  return sum(MEASURES.map((measure) => comparison[measure].lost.length)) + comparison.words.extra.length;
}

function sample(items: readonly string[]): string {
  return items
    .slice(0, SHOWN_ITEMS)
    .map((item) => item.slice(0, 90))
    .join(" | ");
}

function row(label: string, value: string): void {
  console.log(`${label.padEnd(24)}${value}`);
}

function percent(part: number, whole: number): string {
  return `${(whole === 0 ? (part === 0 ? 100 : 0) : (100 * part) / whole).toFixed(3)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
