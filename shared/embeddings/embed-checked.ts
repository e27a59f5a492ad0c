import { PermanentError, TransientError } from "#shared/errors.ts";
import type { EmbedOptions, Embedder } from "./embedder.ts";

/**
 * Embeds and checks that what came back can be stored: one vector a text (else transient: providers do lose some), each of the
 * model's dimensions (else permanent: the wrong model is configured), finite and not zero (cosine distance is undefined
 * for a zero vector).
 */
export async function embedChecked(
  embedder: Embedder,
  texts: readonly string[],
  options: EmbedOptions = {},
): Promise<number[][]> {
  if (texts.length === 0) return [];
  const vectors = await embedder.embed(texts, options);
  if (vectors.length !== texts.length) {
    throw new TransientError(
      "embedding_count_mismatch",
      `${embedder.model} returned ${vectors.length} vectors for ${texts.length} texts`,
    );
  }
  for (const [index, vector] of vectors.entries()) checkVector(embedder, vector, index);
  return vectors;
}

/** Throws as `embedChecked` when the vector of the text at `index` cannot be stored. */
export function checkVector(embedder: Embedder, vector: readonly number[], index: number): void {
  if (vector.length !== embedder.dimensions) {
    throw new PermanentError(
      "embedding_dimension_mismatch",
      `${embedder.model} returned ${vector.length} dimensions where ${embedder.dimensions} are configured`,
      { details: { text: index } },
    );
  }
  if (!vector.every(Number.isFinite) || vector.every((value) => value === 0)) {
    throw new TransientError("embedding_unusable", `${embedder.model} returned a zero or non-finite vector`, {
      details: { text: index },
    });
  }
}
