import { embedChecked } from "./embed-checked.ts";
import type { Embedder } from "./embedder.ts";

/** Questions kept: about 12 MB of vectors of 1,536 dimensions. */
const CACHED_QUERIES = 1000;

type Vectors = Map<string, Promise<number[]>>;
const caches = new WeakMap<Embedder, Vectors>();

export type EmbeddedQuery = {
  /** A vector of each configured model that could be asked: the current one and, while sources switch, the one before. */
  embeddings: { model: string; vector: number[] }[];
  /** What the others threw, the current model's first. Whether they are missed, depends on the sources that are searched. */
  failures: { model: string; error: unknown }[];
};

/** A query as vectors. Vectors are cached, also for callers that ask at the same time; failures are not. */
export async function embedQuery(embedder: Embedder, query: string): Promise<EmbeddedQuery> {
  const chain: Embedder[] = [];
  for (let one: Embedder | undefined = embedder; one; one = one.previous) chain.push(one);
  const asked = await Promise.allSettled(
    chain.map(async (one) => ({ model: one.model, vector: await embedCached(one, query.trim()) })),
  );
  return {
    embeddings: asked.flatMap((response) => (response.status === "fulfilled" ? [response.value] : [])),
    failures: asked.flatMap((response, index) =>
      response.status === "rejected"
        ? [{ model: chain[index]?.model ?? "", error: response.reason as unknown }]
        : [],
    ),
  };
}

function embedCached(embedder: Embedder, query: string): Promise<number[]> {
  const cache: Vectors = caches.get(embedder) ?? new Map();
  caches.set(embedder, cache);
  const known = cache.get(query);
  // Moved to the end: a Map forgets in the order of insertion, so the first is the one longest unused.
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
