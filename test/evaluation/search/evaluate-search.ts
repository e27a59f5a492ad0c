import { statSync } from "node:fs";
import { searchLanguage } from "#functions/api/contract/sources.ts";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { evaluateFolder } from "./evaluate-folder.ts";
import { evaluateSet } from "./evaluate-set.ts";
import type { Retrievers } from "./searched-index.ts";

const ALL: readonly Retrievers[] = ["hybrid", "vector", "keyword"];
const MADE_QUESTIONS = 1500;

export const evaluateSearch = defineCommand({
  name: "npm run evaluate -- search",
  does: `How well questions find their pages: hit@1, hit@5 and MRR over the first ten pages, with 95 % bootstrap intervals.
With --pages: the questions of a file, by each retriever. With --dir: questions made from the pages of the folder, by three chunkers
and by each retriever, then the sample site's questions in other words among these pages.`,
  options: {
    pages: {
      type: "text",
      value: "FILE|DIR",
      description:
        "pages of a set: .jsonl, .md, a folder of Markdown or of rendered pages with a manifest.jsonl",
    },
    questions: {
      type: "text",
      value: "FILE|N",
      description: `with --pages: the questions, .jsonl; with --dir: how many are asked (default ${MADE_QUESTIONS})`,
    },
    dir: { type: "folder", value: "DIR", description: "rendered pages with a manifest.jsonl" },
    retrievers: {
      type: "choice",
      choices: ["all", ...ALL],
      default: "all",
      description: "which are compared; keyword alone embeds nothing",
    },
    half: {
      type: "choice",
      choices: ["first", "second"],
      description: "only this half of the questions, divided by their hash",
    },
    language: {
      type: "choice",
      choices: searchLanguage.options,
      default: "english",
      description: "with --pages: the text search configuration of the pages",
    },
    against: {
      type: "text",
      value: "COMMIT",
      description: "with --pages: also by the code of this commit, and the difference",
    },
    ranks: { type: "flag", description: "with --pages: prints each question's rank too" },
  },
  more: `A line of pages: {"id", "text" or "markdown", "title"?}. A line of questions: {"question", "page"}, or "pages" when several answer;
a page is named by its id, or by its file in the folder. Vectors are kept in the system's temporary folder for the next run.`,
  run: async ({ pages, questions, dir, retrievers, half, language, against, ranks }) => {
    const chosen = ALL.filter((one) => retrievers === "all" || retrievers === one);
    if (pages !== undefined) {
      if (dir !== undefined) throw new UsageError("--pages and --dir exclude each other");
      if (questions === undefined) throw new UsageError("--questions is missing");
      return evaluateSet({ pages, questions, language, retrievers: chosen, half, against, ranks });
    }
    if (dir === undefined) throw new UsageError("--pages or --dir is missing");
    if (against !== undefined || ranks) throw new UsageError("--against and --ranks need --pages");
    return evaluateFolder({ dir, questions: madeQuestions(questions), retrievers: chosen, half });
  },
});

function madeQuestions(text: string | undefined): number {
  if (text === undefined) return MADE_QUESTIONS;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  const isFile = statSync(text, { throwIfNoEntry: false })?.isFile();
  throw new UsageError(
    `--questions ${text} is not a whole number from 1${isFile ? ": a file of questions needs --pages" : ""}`,
  );
}
