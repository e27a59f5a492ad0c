import type { Writable } from "node:stream";
import { styleText } from "node:util";
import type { SyncFigures } from "./figures.ts";
import type { DemoResult } from "./run-demo.ts";

const ROWS: [keyof SyncFigures, string][] = [
  ["pages_added", "pages added"],
  ["pages_updated", "pages updated"],
  ["pages_moved", "pages moved"],
  ["pages_deleted", "pages deleted"],
  ["comments_added", "comments added"],
  ["files_added", "files added"],
  ["chunks", "chunks in the index"],
  ["embeddings_created", "embeddings made"],
  ["embeddings_reused", "embeddings reused"],
  ["api_calls_made", "calls to Confluence"],
  ["duration_ms", "milliseconds"],
  ["searches_during_sync", "searches meanwhile"],
  ["searches_during_swaps", "… while their page was swapped"],
  ["empty_searches", "… that did not find their page"],
];
const MAX_SHOWN_UPDATES = 5;
const MAX_RESPONSE_LINES = 8;
const MAX_LINE = 160;

/** The result for people: both syncs side by side, the changes, the answers, and any problems. */
export function printResult(result: DemoResult, stream: Writable & { isTTY?: boolean }): void {
  const bold = (text: string) => styleText("bold", text, { stream });
  const lines = [
    "",
    bold(`${"".padEnd(34)}${"first sync".padStart(12)}${"second sync".padStart(13)}`),
    ...ROWS.map(
      ([key, label]) =>
        `${label.padEnd(34)}${String(result.first[key]).padStart(12)}${String(result.second[key]).padStart(13)}`,
    ),
    "",
    bold("What changed"),
    ...changeLines(result),
    "",
    bold("Questions"),
    ...result.answers.flatMap(({ question, page, heading, url, text }) => [
      `  ${question}`,
      `    ${bold(page)} › ${heading}  ${url}`,
      ...shortened(text).map((line) => `      ${line}`),
    ]),
    "",
    bold("One question, asked by two people"),
    `  ${result.compared[0]?.question ?? ""}`,
    ...result.compared.flatMap(({ person, page, heading, url }) => [
      `    ${person}: ${[bold(page), ...(heading ? [heading] : [])].join(" › ")}  ${url}`,
    ]),
    "",
    ...(result.problems.length === 0
      ? [styleText("green", "Every figure is as it should be.", { stream })]
      : result.problems.map((problem) => styleText("red", `Wrong: ${problem}`, { stream }))),
  ];
  stream.write(`${lines.join("\n")}\n`);
}

/** The first lines of a chunk's Markdown with text. */
function shortened(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const shown = lines
    .slice(0, MAX_RESPONSE_LINES)
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  return lines.length > shown.length ? [...shown, "…"] : shown;
}

function changeLines({ changes }: DemoResult): string[] {
  const updates = changes.filter(({ kind }) => kind === "updated");
  const shown = [...changes.filter(({ kind }) => kind !== "updated"), ...updates.slice(0, MAX_SHOWN_UPDATES)];
  const lines = shown.map(({ kind, title, detail }) => `  ${kind.padEnd(8)} ${title} (${detail})`);
  const more = updates.length - MAX_SHOWN_UPDATES;
  return more > 0 ? [...lines, `  updated  and ${more} more`] : lines;
}

/** The result for programs: one JSON object. */
export function toJson(result: DemoResult, durationMs: number): string {
  const { first, second, changes, answers, compared, problems } = result;
  return JSON.stringify({
    ok: problems.length === 0,
    problems,
    syncs: [
      { sync: "first", ...first },
      { sync: "second", ...second },
    ],
    searches: first.searches_during_sync + second.searches_during_sync,
    searches_during_swaps: first.searches_during_swaps + second.searches_during_swaps,
    empty_searches: first.empty_searches + second.empty_searches,
    changes,
    answers,
    compared,
    duration_ms: Math.round(durationMs),
  });
}
