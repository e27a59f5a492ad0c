import type postgres from "postgres";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { TransientError } from "#shared/errors.ts";
import { addDocuments, type SwapOptions } from "./add-documents.ts";
import { documentEmbedder, embedPages, type ChunkToEmbed } from "./embed-pages.ts";
import type { EmbeddedChunk, PageFacts, PageToStore, SwapResult } from "./page-to-store.ts";
import { discardStaged, stageChunks } from "./staged-chunks.ts";

/** How often a page is embedded again because vectors to be reused were deleted (another worker swapped it). */
const MAX_ATTEMPTS = 3;

export type StoreOptions = SwapOptions & {
  embedded?: EmbeddedChunk[];
  /** Numbers in vectors that one statement may store; null: any. Where searches wait for statements, a page is stored in steps. */
  vectorNumbersAtOnce?: number | null;
  /** Called with the tokens of texts that are embedded here. */
  onTokens?: (tokens: number) => void;
};

/**
 * Stores a page: embeds the chunks whose input is new, outside any transaction, unless `embedded` has them, then swaps. Throws what
 * the embedder throws; on any failure the page's old chunks stay unchanged. Where this deployment cannot embed with the source's
 * model any more, the chunks get vectors of the model that it is changing to.
 */
export async function storePage(
  sql: postgres.Sql,
  embedder: Embedder,
  page: PageFacts & { chunks: readonly ChunkToEmbed[] },
  options: StoreOptions,
): Promise<SwapResult> {
  const { model } = documentEmbedder(embedder, options.model);
  const swap = { ...options, model, leaving: model === options.model ? null : options.model };
  let { embedded } = options;
  for (let attempt = 1; ; attempt += 1) {
    const chunks = embedded ?? (await embedPage(sql, embedder, page, options));
    try {
      return await storeEmbedded(sql, { ...page, chunks }, swap);
    } catch (error) {
      const lost = error instanceof TransientError && error.code === "reuse_lost";
      if (!lost || attempt === MAX_ATTEMPTS) throw error;
      embedded = undefined;
    }
  }
}

async function storeEmbedded(
  sql: postgres.Sql,
  page: PageToStore,
  options: StoreOptions,
): Promise<SwapResult> {
  const { vectorNumbersAtOnce: numbersAtOnce } = options;
  if (!numbersAtOnce) return addDocuments(sql, page, options);
  const chunks = await stageChunks(sql, page, { ...options, numbersAtOnce });
  try {
    return await addDocuments(sql, { ...page, chunks }, options);
  } finally {
    // Nothing after a swap, unless another worker stored the same page or some of its chunks.
    await discardStaged(sql, chunks);
  }
}

async function embedPage(
  sql: postgres.Sql,
  embedder: Embedder,
  page: PageFacts & { chunks: readonly ChunkToEmbed[] },
  options: Pick<StoreOptions, "model" | "now" | "onTokens">,
): Promise<EmbeddedChunk[]> {
  const [embedded] = await embedPages(sql, embedder, [page], options);
  if (!embedded || "error" in embedded) throw embedded?.error;
  return embedded.chunks;
}
