import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { storePage, type ChunkToEmbed } from "#shared/documents/store-page.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { UserError } from "#shared/errors.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import type { Outline } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { readManifest } from "#infra/local/confluence-site/manifest.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { evaluationResolver } from "#test/evaluation/conversion/resolver.ts";
import { realVectors } from "#test/bench/storage/real-vectors.ts";
import { addSource, NOW, pageFacts } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { ASKED_IN_OTHER_WORDS } from "./asked-in-other-words.ts";
import { makeQuestions, type Question, type QuestionPage } from "./make-questions.ts";
import { cutByCharacters, cutPlainText } from "./other-chunkers.ts";
import { readPageText } from "./page-text.ts";
import { pairedInterval, scoreRanks } from "./score-ranks.ts";

type EvaluatedPage = QuestionPage & { file: string; markdown: string; outline: Outline };
type Retrievers = "hybrid" | "vector" | "keyword";

/** Pages looked at for a question's own. */
const DEPTH = 10;

type Cut = (page: EvaluatedPage) => ChunkToEmbed[];
const ours: Cut = (page) =>
  chunkMarkdown(page.markdown, { outline: page.outline }).map((chunk) => ({
    ...chunk,
    input: embeddingInput(page.title, chunk),
  }));

/** Each cuts a page; everything behind them (embedder, storage, search) is the same. */
const CHUNKERS: Record<string, Cut> = {
  ours,
  "5000-characters": (page) => cutByCharacters(page.markdown).map((content) => plain(content, content)),
  "512-tokens-plain-text": (page) =>
    cutPlainText(page.text).map((content) => plain(content, `${page.title}\n\n${content}`)),
};

const plain = (content: string, input: string): ChunkToEmbed => ({ content, headingPath: [], input });

export const evaluateSearch = defineCommand({
  name: "npm run evaluate -- search",
  does: `Which of three chunkers lets questions find their page; then each retriever alone; then questions in other words, about the sample
pages, among the pages of the folder.`,
  options: {
    dir: {
      type: "folder",
      value: "DIR",
      required: true,
      description: "rendered pages with a manifest.jsonl",
    },
    questions: { type: "integer", value: "N", min: 1, default: 1500, description: "how many are asked" },
  },
  run: async ({ dir, questions }) => {
    const pages = await readPages(dir);
    await evaluate(pages, limited(makeQuestions(pages, 7), questions));
  },
});

async function evaluate(pages: readonly EvaluatedPage[], questions: readonly Question[]): Promise<void> {
  const model = localEmbedder();
  const database = await createTestDatabase({ maxConnections: 2 });
  try {
    const addPages = async (source: string, evaluated: readonly EvaluatedPage[], cut: Cut) => {
      const cutPages = evaluated.map((page) => ({ page, chunks: cut(page) }));
      const inputs = [...new Set(cutPages.flatMap(({ chunks }) => chunks.map((chunk) => chunk.input)))];
      const known = await vectorsByText(model, inputs);
      await addSource(database.sql, known, { sourceId: source });
      for (const { page, chunks } of cutPages) {
        const facts = pageFacts({ sourceId: source, pageId: page.pageId, title: page.title, chunks: [] });
        const options = { now: NOW, model: model.model, language: "english", expectedStateRevision: null };
        await storePage(database.sql, known, { ...facts, chunks }, options);
      }
      console.error(`${source}: ${inputs.length} chunks`);
    };
    for (const [name, cut] of Object.entries(CHUNKERS)) await addPages(name, pages, cut);
    const samples = await readPages(SAMPLE_FOLDER);
    await addPages("sample", samples, ours);
    await database.sql`analyze`;
    const rankAll = async (sources: string[], asked: readonly Question[], retrievers: Retrievers) => {
      const vectors = await realVectors(
        model,
        asked.map((question) => question.query),
      );
      const ranks: (number | null)[] = [];
      for (const [index, question] of asked.entries()) {
        const { hits } = await searchDocuments(database.sql, {
          query: question.query,
          embedding: { model: model.model, vector: [...(vectors[index] ?? [])] },
          sources,
          retrievers,
          matchCount: DEPTH,
          returnMode: "pages",
        });
        const place = hits.findIndex((hit) => hit.pageId === question.pageId);
        ranks.push(place < 0 ? null : place + 1);
      }
      return ranks;
    };
    const compare = async (asked: readonly Question[], rows: [string, string[], Retrievers][]) => {
      let first: (number | null)[] | null = null;
      for (const [row, sources, retrievers] of rows) {
        const ranks = await rankAll(sources, asked, retrievers);
        report(row, asked, ranks, first);
        first ??= ranks;
      }
    };
    await compare(questions, [
      ...Object.keys(CHUNKERS).map((name): [string, string[], Retrievers] => [name, [name], "hybrid"]),
      ["ours, vectors only", ["ours"], "vector"],
      ["ours, words only", ["ours"], "keyword"],
    ]);
    await compare(otherWords(samples), [
      ["other words", ["ours", "sample"], "hybrid"],
      ["other words, vectors only", ["ours", "sample"], "vector"],
      ["other words, words only", ["ours", "sample"], "keyword"],
    ]);
  } finally {
    await database.close();
  }
}

async function readPages(dir: string): Promise<EvaluatedPage[]> {
  const folder = await readManifest(dir);
  if (!folder) throw new UserError(404, "no_manifest", `${dir} has no manifest.jsonl`);
  return folder.pages.flatMap((page, index) => {
    const html = page.rendered ?? page.storage;
    const text = readPageText(html);
    if (text.text.length < 50) return [];
    const { markdown, outline } = readPage({
      format: page.rendered === null ? "storage" : "export_view",
      value: html,
    }).toMarkdown(evaluationResolver);
    return [
      { ...text, pageId: page.id ?? `n${index}`, title: page.title, file: page.file, markdown, outline },
    ];
  });
}

function otherWords(pages: readonly EvaluatedPage[]): Question[] {
  return ASKED_IN_OTHER_WORDS.map(([file, query]) => {
    const page = pages.find((candidate) => candidate.file === `${file}.storage.xml`);
    if (!page) throw new Error(`The sample has no page ${file}`);
    return { kind: "other words", query, pageId: page.pageId };
  });
}

/** An evenly spread selection, so that no part of the space is left out. */
function limited(questions: readonly Question[], limit: number): Question[] {
  const step = Math.max(1, questions.length / limit);
  return Array.from(
    { length: Math.min(limit, questions.length) },
    (_, n) => questions[Math.floor(n * step)] as Question,
  );
}

async function vectorsByText(model: Embedder, texts: readonly string[]): Promise<Embedder> {
  const vectors = await realVectors(model, texts);
  const byText = new Map(texts.map((text, index) => [text, [...(vectors[index] ?? [])]]));
  return { ...model, embed: async (asked) => asked.map((text) => byText.get(text) ?? []) };
}

function report(
  row: string,
  questions: readonly Question[],
  ranks: readonly (number | null)[],
  first: readonly (number | null)[] | null,
): void {
  const kinds = [...new Set(questions.map((question) => question.kind))];
  const byKind = kinds.map((kind) => [
    kind,
    scoreRanks(ranks.filter((_, index) => questions[index]?.kind === kind)).mrr,
  ]);
  const line = {
    evaluation: "search",
    row,
    questions: questions.length,
    ...scoreRanks(ranks),
    mrr_by_kind: Object.fromEntries(byKind) as Record<string, number>,
    ...(first ? { first_row_minus_this_in_mrr: pairedInterval(first, ranks) } : {}),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
