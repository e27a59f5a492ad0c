import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { BenchPages } from "./fill-index.ts";
import { makeProse, seededRandom } from "./prose.ts";
import { realVectors } from "./real-vectors.ts";

const REAL_VECTORS = 5000;
export const CHUNKS_A_PAGE = 20;

/**
 * Endless pages whose chunks are the sample's sentences in other orders, with vectors of other such chunks, each moved a little; so many
 * others as `chunks` are wanted, at most 5,000.
 */
export async function prosePages(embedder: Embedder, chunks: number): Promise<BenchPages> {
  const embedded = makeProse(1);
  const others = Array.from({ length: Math.min(chunks, REAL_VECTORS) }, embedded);
  const vectors = await realVectors(embedder, others);
  const next = makeProse(2);
  const random = seededRandom(3);
  return {
    pagesOfSource: Number.POSITIVE_INFINITY,
    chunksOfSource: Number.POSITIVE_INFINITY,
    realChunks: 0,
    page: (number) => ({
      title: `Handbook page ${number}`,
      chunks: Array.from({ length: CHUNKS_A_PAGE }, (_, n) => ({
        content: next(),
        headingPath: [],
        vector: moved(vectors[(number * CHUNKS_A_PAGE + n) % vectors.length] ?? new Float32Array(), random),
      })),
    }),
  };
}

/** Another text of the same matter: the vector turned by a small random amount, about 0.9 similar. */
function moved(vector: Float32Array, random: () => number): number[] {
  const noise = Array.from(vector, (value) => value + (random() + random() - 1) * 0.05);
  const length = Math.hypot(...noise);
  return noise.map((value) => Math.round((value / length) * 1e5) / 1e5);
}
