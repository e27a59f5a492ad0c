import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import type { ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import { cutByCharacters, cutPlainText } from "./other-chunkers.ts";
import { madeQuestions, otherWords, readFolder, type FolderPage } from "./folder-questions.ts";
import { printRow } from "./print-row.ts";
import { halfOf, type AnsweredQuestion } from "./read-questions.ts";
import { createSearchedIndex, cutAsSync, type Rank, type Retrievers } from "./searched-index.ts";

type Cut = (page: FolderPage) => ChunkToEmbed[];

/** Each cuts a page; everything behind them (embedder, storage, search) is the same. */
const CHUNKERS: Record<string, Cut> = {
  ours: cutAsSync,
  "5000-characters": (page) => cutByCharacters(page.markdown).map((content) => plain(content, content)),
  "512-tokens-plain-text": (page) =>
    cutPlainText(page.text).map((content) => plain(content, `${page.title}\n\n${content}`)),
};

const plain = (content: string, input: string): ChunkToEmbed => ({ content, headingPath: [], input });

export type FolderOptions = {
  dir: string;
  questions: number;
  retrievers: readonly Retrievers[];
  half: string | undefined;
};

/** Questions made from the pages of a folder, by chunker and by retriever; then the sample's questions in other words. */
export async function evaluateFolder(options: FolderOptions): Promise<void> {
  const pages = await readFolder(options.dir);
  const questions = halfOf(madeQuestions(pages, options.questions), options.half);
  const samples = await readFolder(SAMPLE_FOLDER);
  const asked = halfOf(otherWords(samples), options.half);
  const index = await createSearchedIndex({ embeds: options.retrievers.some((one) => one !== "keyword") });
  const hybrid = options.retrievers.includes("hybrid");
  try {
    for (const [name, cut] of Object.entries(CHUNKERS))
      if (hybrid || name === "ours")
        console.error(`${name}: ${await index.addPages(name, pages, { cut })} chunks`);
    await index.addPages("sample", samples);
    const compare = async (asked: readonly AnsweredQuestion[], rows: [string, string[], Retrievers][]) => {
      let first: Rank[] | null = null;
      for (const [row, sources, retrievers] of rows) {
        if (!options.retrievers.includes(retrievers)) continue;
        const ranks = await index.rank(asked, { sources, retrievers });
        printRow({ row, questions: asked, ranks, firstRow: first });
        first ??= ranks;
      }
    };
    await compare(questions, [
      ...Object.keys(CHUNKERS).map((name): [string, string[], Retrievers] => [name, [name], "hybrid"]),
      ["ours, vectors only", ["ours"], "vector"],
      ["ours, words only", ["ours"], "keyword"],
    ]);
    await compare(asked, [
      ["other words", ["ours", "sample"], "hybrid"],
      ["other words, vectors only", ["ours", "sample"], "vector"],
      ["other words, words only", ["ours", "sample"], "keyword"],
    ]);
  } finally {
    await index.close();
  }
}
