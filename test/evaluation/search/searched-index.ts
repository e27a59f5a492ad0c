import type { ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import { storePage } from "#shared/documents/store-page.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import { realVectors } from "#test/bench/storage/real-vectors.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, pageFacts } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import type { IndexedPage } from "./read-pages.ts";
import type { AnsweredQuestion } from "./read-questions.ts";

export type Retrievers = "hybrid" | "vector" | "keyword";
/** From 1; null if none of the question's pages is among the first ten. */
export type Rank = number | null;

/** Pages looked at for a question's own. */
const DEPTH = 10;

export type SearchedIndex = {
  /** Returns the number of different chunks. */
  addPages: <Page extends IndexedPage>(
    source: string,
    pages: readonly Page[],
    options?: { cut?: (page: Page) => ChunkToEmbed[]; language?: string },
  ) => Promise<number>;
  rank: (
    questions: readonly AnsweredQuestion[],
    options: { sources: string[]; retrievers: Retrievers },
  ) => Promise<Rank[]>;
  close: () => Promise<void>;
};

/** Cuts a page as the sync does, for the embedded model. */
export const cutAsSync = (page: IndexedPage): ChunkToEmbed[] =>
  chunkMarkdown(page.markdown, page.outline ? { outline: page.outline } : {}).map((chunk) => ({
    ...chunk,
    input: embeddingInput(page.title, chunk, { inputHeadings: false }),
  }));

/**
 * An empty index, stored and searched by the service's own functions. Without `embeds` only words can be searched. `keepsVectors`:
 * of earlier runs, which hides what has become of the model since.
 */
export async function createSearchedIndex({
  embeds,
  keepsVectors = true,
}: {
  embeds: boolean;
  keepsVectors?: boolean;
}): Promise<SearchedIndex> {
  // Vectors of two numbers cost nothing and are not looked at.
  const model = embeds ? localEmbedder() : fakeEmbedder({ model: "none", dimensions: 2 });
  const vectorsOf =
    embeds && keepsVectors
      ? async (texts: readonly string[]) => (await realVectors(model, texts)).map((vector) => [...vector])
      : (texts: readonly string[]) => model.embed(texts);
  const database = await createTestDatabase({ maxConnections: 2 });
  return {
    addPages: async (source, pages, { cut = cutAsSync, language = "english" } = {}) => {
      const cutPages = pages.map((page) => ({ page, chunks: cut(page) }));
      const inputs = [...new Set(cutPages.flatMap(({ chunks }) => chunks.map((chunk) => chunk.input)))];
      const known = await vectorsByText(model, inputs, vectorsOf);
      await addSource(database.sql, known, { sourceId: source, language });
      for (const { page, chunks } of cutPages) {
        const facts = pageFacts({ sourceId: source, pageId: page.pageId, title: page.title, chunks: [] });
        const options = { now: NOW, model: model.model, language, expectedStateRevision: null };
        await storePage(database.sql, known, { ...facts, chunks }, options);
      }
      await database.sql`analyze`;
      return inputs.length;
    },
    rank: async (questions, { sources, retrievers }) => {
      const byWords = retrievers === "keyword";
      const vectors = byWords ? [] : await vectorsOf(questions.map((question) => question.query));
      const ranks: Rank[] = [];
      for (const [index, { query, pageIds }] of questions.entries()) {
        const { hits } = await searchDocuments(database.sql, {
          query,
          embedding: byWords ? null : { model: model.model, vector: vectors[index] ?? [] },
          sources,
          retrievers,
          matchCount: DEPTH,
          returnMode: "pages",
          readable: null,
        });
        // Commits before copies were merged (--against) have no `alsoOn`.
        const copiesOf = (hit: Partial<(typeof hits)[number]>) => hit.alsoOn ?? [];
        const place = hits.findIndex((hit) =>
          [hit, ...copiesOf(hit)].some(({ pageId }) => pageIds.includes(pageId)),
        );
        ranks.push(place < 0 ? null : place + 1);
      }
      return ranks;
    },
    close: database.close,
  };
}

async function vectorsByText(
  model: Embedder,
  texts: readonly string[],
  vectorsOf: (texts: readonly string[]) => Promise<number[][]>,
): Promise<Embedder> {
  const vectors = await vectorsOf(texts);
  const byText = new Map(texts.map((text, index) => [text, vectors[index] ?? []]));
  return { ...model, embed: async (asked) => asked.map((text) => byText.get(text) ?? []) };
}
