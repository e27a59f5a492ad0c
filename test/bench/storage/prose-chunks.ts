import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { BenchChunks } from "./fill-index.ts";
import { makeProse, seededRandom } from "./prose.ts";
import { realVectors } from "./real-vectors.ts";

const REAL_VECTORS = 5000;

/** Endless chunks of the sample's sentences in other orders, with vectors of other such chunks, each moved a little. */
export async function proseChunks(embedder: Embedder): Promise<BenchChunks> {
  const embedded = makeProse(1);
  const vectors = await realVectors(embedder, Array.from({ length: REAL_VECTORS }, embedded));
  const next = makeProse(2);
  const random = seededRandom(3);
  return {
    chunksOfSource: Number.POSITIVE_INFINITY,
    chunk: (number) => ({
      content: next(),
      vector: moved(vectors[number % vectors.length] ?? new Float32Array(), random),
    }),
  };
}

/** Another text of the same matter: the vector turned by a small random amount, about 0.9 similar. */
function moved(vector: Float32Array, random: () => number): number[] {
  const noise = Array.from(vector, (value) => value + (random() + random() - 1) * 0.05);
  const length = Math.hypot(...noise);
  return noise.map((value) => Math.round((value / length) * 1e5) / 1e5);
}
