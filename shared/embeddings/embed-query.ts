import { embedChecked } from "./embed-checked.ts";
import type { Embedder } from "./embedder.ts";

/** Questions kept: about 12 MB of vectors of 1,536 dimensions. */
const CACHED_QUERIES = 1000;

type Vectors = Map<string, Promise<number[]>>;
const caches = new WeakMap<Embedder, Vectors>();

/**
 * A question as a vector of each configured model: the current one and, while sources switch, the one before. Answers are
 * cached, also for callers that ask at the same time; failures are not. Throws what the embedder throws.
 */
export async function embedQuery(
  embedder: Embedder,
  query: string,
): Promise<{ model: string; vector: number[] }[]> {
  const chain: Embedder[] = [];
  for (let one: Embedder | undefined = embedder; one; one = one.previous) chain.push(one);
  return Promise.all(
    chain.map(async (one) => ({ model: one.model, vector: await embedCached(one, query.trim()) })),
  );
}

function embedCached(embedder: Embedder, query: string): Promise<number[]> {
  const cache: Vectors = caches.get(embedder) ?? new Map();
  caches.set(embedder, cache);
  const known = cache.get(query);
  // Put back at the end: a Map forgets in the order of insertion, so the first is the one longest unused.
  const vector = known ?? embedChecked(embedder, [query], { purpose: "query" }).then(([first = []]) => first);
  cache.delete(query);
  cache.set(query, vector);
  if (!known) vector.catch(() => cache.delete(query));
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED_QUERIES) break;
    cache.delete(oldest);
  }
  return vector;
}
