import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { Hit } from "#shared/documents/search-result.ts";
import { errorCode } from "#shared/errors.ts";
import type { Ranking } from "#shared/reranking/reranker.ts";
import type { Services } from "#functions/runtime/services.ts";

/** Few enough for one unit of Bedrock's price (100 documents), also where half of them count twice. */
const CANDIDATES = 50;

/** How many hits to search for, so that the reranker can lift one above the first `matchCount`. */
export function candidateCount({ reranker }: Pick<Services, "reranker">, matchCount: number): number {
  return reranker ? Math.max(matchCount, CANDIDATES) : matchCount;
}

/** The hits in the reranker's order, with its scores; as they are where there is no reranker, no choice, or an error, which is logged. */
export async function rerankHits(
  query: string,
  hits: Hit[],
  { reranker, log }: Pick<Services, "reranker" | "log">,
): Promise<{ hits: Hit[]; applied: boolean }> {
  if (!reranker || hits.length < 2) return { hits, applied: false };
  try {
    const rankings = await reranker.rerank(
      query,
      hits.map((hit) => embeddingInput(hit.title, hit)),
    );
    return { hits: inOrderOf(rankings, hits), applied: true };
  } catch (error) {
    log.warn("search.not_reranked", { model: reranker.model, code: errorCode(error), error });
    return { hits, applied: false };
  }
}

/** Hits that were not judged keep their order below the others, and no score above theirs. */
function inOrderOf(rankings: readonly Ranking[], hits: readonly Hit[]): Hit[] {
  const judged = new Set(rankings.map(({ index }) => index));
  const lowest = Math.min(...rankings.map(({ score }) => score));
  const rest = hits.flatMap((hit, index) =>
    judged.has(index) ? [] : [withScore(hit, Math.min(hit.score, lowest))],
  );
  const best = rankings.flatMap(({ index, score }) => {
    const hit = hits[index];
    return hit ? [withScore(hit, score)] : [];
  });
  return [...best, ...rest];
}

/** A page's further chunks keep their relation to its best one. */
function withScore(hit: Hit, score: number): Hit {
  const factor = hit.score === 0 ? 0 : score / hit.score;
  const furtherChunks = hit.furtherChunks.map((chunk) => ({ ...chunk, score: chunk.score * factor }));
  return { ...hit, score, furtherChunks };
}
