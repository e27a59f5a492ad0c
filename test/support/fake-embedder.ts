import { createHash } from "node:crypto";
import type { Embedder } from "#shared/embeddings/embedder.ts";

/** Whatever its length. */
export const TOKENS_OF_A_TEXT = 10;

/**
 * A deterministic embedder that needs no model: words and pairs of words hashed into buckets. Texts that share words are near
 * each other, which is all that tests of storage and search need.
 */
export function fakeEmbedder(
  options: { model?: string; dimensions?: number; inputHeadings?: boolean } = {},
): Embedder {
  const { model = "fake-embedder", dimensions = 64, inputHeadings = true } = options;
  return {
    model,
    dimensions,
    inputHeadings,
    embed: async (texts, { onTokens } = {}) => {
      onTokens?.(TOKENS_OF_A_TEXT * texts.length);
      return texts.map((text) => hashedWords(`${model}\n`, text, dimensions));
    },
  };
}

function hashedWords(salt: string, text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, () => 0.001);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const [index, word] of words.entries()) {
    addTo(vector, salt + word, 1);
    const next = words[index + 1];
    if (next) addTo(vector, `${salt}${word} ${next}`, 0.5);
  }
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function addTo(vector: number[], feature: string, weight: number): void {
  const digest = createHash("md5").update(feature).digest();
  const bucket = digest.readUInt32LE(0) % vector.length;
  vector[bucket] = (vector[bucket] ?? 0) + (digest.readUInt8(4) % 2 === 0 ? weight : -weight);
}
