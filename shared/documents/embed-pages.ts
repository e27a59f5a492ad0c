import type { ChunkPlace } from "./page-to-store.ts";
import { createHash } from "node:crypto";
import type postgres from "postgres";
import { embedGroups } from "#shared/embeddings/embed-groups.ts";
import { embedderFor, type EmbedOptions, type Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { findReusable } from "./find-reusable.ts";
import type { EmbeddedChunk } from "./page-to-store.ts";

/** A chunk before it is embedded; `input` is exactly what is hashed and embedded. */
export type ChunkToEmbed = {
  content: string;
  headingPath: string[];
  input: string;
  place?: ChunkPlace | null;
};

export type PageToEmbed = { sourceId: string; pageId: string; chunks: readonly ChunkToEmbed[] };

/** A page's chunks, ready to be stored, or why they could not be embedded. */
export type EmbeddedPage = { chunks: EmbeddedChunk[] } | { error: unknown };

/**
 * Embeds the chunks of pages of one source whose input is new to their page, all pages together and outside any transaction; one
 * result a page. Throws only what concerns all pages, such as no database.
 */
export async function embedPages(
  sql: postgres.Sql,
  embedder: Embedder,
  pages: readonly PageToEmbed[],
  options: { model: string; now: Date } & Pick<EmbedOptions, "signal" | "onTokens">,
): Promise<EmbeddedPage[]> {
  const own = documentEmbedder(embedder, options.model);
  await registerModel(sql, { model: own.model, dimensions: own.dimensions, now: options.now });
  const hashed = pages.map(({ pageId, chunks }) => ({
    pageId,
    chunks,
    inputHashes: chunks.map(({ input }) => hashInput(input)),
  }));
  const reusable = await findReusable(sql, pages[0]?.sourceId ?? "", own.model, hashed);
  const lacking = hashed.map(({ pageId, chunks, inputHashes }) => {
    const isNew = (hash: string) => !reusable.get(pageId)?.has(hash);
    return new Map(
      chunks.map((chunk, n) => [inputHashes[n] ?? "", chunk.input] as const).filter(([h]) => isNew(h)),
    );
  });
  const groups = lacking.map((inputs) => [...inputs.values()]);
  const embedded = await embedGroups(own, groups, {
    signal: options.signal,
    onTokens: options.onTokens,
  });
  return embedded.map((result, page) => {
    if ("error" in result) return result;
    const hashes = [...(lacking[page]?.keys() ?? [])];
    const vectors = new Map(hashes.map((hash, n) => [hash, result.vectors[n] ?? null]));
    const { chunks = [], inputHashes = [] } = hashed[page] ?? {};
    return {
      chunks: chunks.map(({ content, headingPath, place = null }, n) => {
        const inputHash = inputHashes[n] ?? "";
        return { content, headingPath, place, inputHash, embedding: vectors.get(inputHash) ?? null };
      }),
    };
  });
}

/** The embedder of a source's model; where this deployment has none of it any more, that of the model that it is changing to. */
export function documentEmbedder(embedder: Embedder, model: string): Embedder {
  return embedderFor(embedder, model) ?? embedder;
}

/** The hash that identifies a reusable vector: SHA-256 (hex) of exactly what is embedded. */
export function hashInput(input: string): string {
  return createHash("sha256").update(input).digest("hex");
}
