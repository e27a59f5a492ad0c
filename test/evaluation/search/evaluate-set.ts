import { resolve } from "node:path";
import { printRow } from "./print-row.ts";
import { rankAtCommit } from "./rank-at-commit.ts";
import { unusable } from "./read-lines.ts";
import { readPages } from "./read-pages.ts";
import { halfOf, readQuestions } from "./read-questions.ts";
import { createSearchedIndex, type Rank, type Retrievers } from "./searched-index.ts";

const SOURCE = "set";

export type SetOptions = {
  pages: string;
  questions: string;
  language: string;
  retrievers: readonly Retrievers[];
  half: string | undefined;
  against: string | undefined;
  ranks: boolean;
};

/** A row for each retriever: how well the questions of a set find their pages. */
export async function evaluateSet(options: SetOptions): Promise<void> {
  const pages = await readPages(options.pages);
  const all = await readQuestions(options.questions, pages);
  const questions = halfOf(all, options.half);
  if (questions.length === 0)
    throw unusable(`${options.questions} has no question in the ${options.half} half`);
  const others = options.against === undefined ? null : await rankAtCommit(options.against, argsOf(options));
  const index = await createSearchedIndex({ embeds: options.retrievers.some((one) => one !== "keyword") });
  try {
    const chunks = await index.addPages(SOURCE, pages, { language: options.language });
    console.error(`${pages.length} pages, ${chunks} chunks`);
    let first: Rank[] | null = null;
    for (const retrievers of options.retrievers) {
      const ranks = await index.rank(questions, { sources: [SOURCE], retrievers });
      const before = others?.get(retrievers);
      if (before) printRow({ row: `${retrievers} at ${options.against}`, questions, ranks: before });
      printRow({
        row: retrievers,
        questions,
        ranks,
        firstRow: first,
        otherCommit: before ?? null,
        printsRanks: options.ranks,
      });
      first ??= ranks;
    }
  } finally {
    await index.close();
  }
}

function argsOf(options: SetOptions): string[] {
  return [
    `--pages=${resolve(options.pages)}`,
    `--questions=${resolve(options.questions)}`,
    `--language=${options.language}`,
    ...(options.retrievers.length === 1 ? ["--retrievers", options.retrievers[0] ?? ""] : []),
    ...(options.half === undefined ? [] : ["--half", options.half]),
  ];
}
