import { createHash } from "node:crypto";
import type postgres from "postgres";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { embedderFor, type Embedder } from "#shared/embeddings/embedder.ts";
import { embedChecked } from "#shared/embeddings/embed-checked.ts";
import { TransientError } from "#shared/errors.ts";
import { addDocuments, type SwapOptions } from "./add-documents.ts";
import type { EmbeddedChunk, PageFacts, SwapResult } from "./page-to-store.ts";
import { findReusable } from "./find-reusable.ts";

/** A chunk before it is embedded; `input` is exactly what is hashed and embedded. */
export type ChunkToEmbed = { content: string; headingPath: string[]; input: string };

/** How often a page is embedded again because vectors to be reused were deleted (another worker swapped it). */
const MAX_ATTEMPTS = 3;

/**
 * Stores a page: embeds the chunks whose input is new, outside any transaction, then swaps. Throws what the embedder throws; on
 * any failure the page's old chunks stay unchanged. Where this deployment cannot embed with the source's model any more, the chunks
 * get vectors of the model that it is changing to.
 */
export async function storePage(
  sql: postgres.Sql,
  embedder: Embedder,
  page: PageFacts & { chunks: readonly ChunkToEmbed[] },
  options: SwapOptions,
): Promise<SwapResult> {
  const own = embedderFor(embedder, options.model) ?? embedder;
  await registerModel(sql, { model: own.model, dimensions: own.dimensions, now: options.now });
  const swap = { ...options, model: own.model, leaving: own.model === options.model ? null : options.model };
  const hashed = page.chunks.map(({ input, ...chunk }) => ({ ...chunk, input, inputHash: hashInput(input) }));
  for (let attempt = 1; ; attempt += 1) {
    const chunks = await embedNew(sql, own, page, hashed);
    try {
      return await addDocuments(sql, { ...page, chunks }, swap);
    } catch (error) {
      const lost = error instanceof TransientError && error.code === "reuse_lost";
      if (!lost || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The hash that identifies a reusable vector: SHA-256 (hex) of exactly what is embedded. */
export function hashInput(input: string): string {
  return createHash("sha256").update(input).digest("hex");
}

async function embedNew(
  sql: postgres.Sql,
  embedder: Embedder,
  page: PageFacts,
  chunks: readonly (ChunkToEmbed & { inputHash: string })[],
): Promise<EmbeddedChunk[]> {
  const hashes = [...new Set(chunks.map((chunk) => chunk.inputHash))];
  const reusable = await findReusable(sql, page, embedder.model, hashes);
  const inputs = new Map(
    chunks.filter((chunk) => !reusable.has(chunk.inputHash)).map((chunk) => [chunk.inputHash, chunk.input]),
  );
  const vectors = await embedChecked(embedder, [...inputs.values()]);
  const byHash = new Map([...inputs.keys()].map((hash, index) => [hash, vectors[index] ?? null]));
  return chunks.map(({ content, headingPath, inputHash }) => ({
    content,
    headingPath,
    inputHash,
    embedding: byHash.get(inputHash) ?? null,
  }));
}
