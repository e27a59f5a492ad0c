/** A document's place among those that were given, and its relevance to the query: the higher, the better. */
export type Ranking = { index: number; score: number };

/** A model that judges documents against a query, more exactly and more slowly than retrievers do. */
export type Reranker = {
  model: string;
  /** Best first, each document at most once; those left out were not judged. */
  rerank: (query: string, documents: readonly string[]) => Promise<Ranking[]>;
};
