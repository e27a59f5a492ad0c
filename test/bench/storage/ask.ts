import { searchDocuments } from "#shared/documents/search.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { realVectors } from "./real-vectors.ts";
import type { permittedToNobody } from "./unrestricted.ts";

export const RETRIEVERS = ["hybrid", "vector", "keyword"] as const;
export type Retrievers = (typeof RETRIEVERS)[number];

export type Question = { query: string; embedding: { model: string; vector: readonly number[] } };
/** What a search may show, and of which sources: as `readableFor` says it. */
export type Filter = Awaited<ReturnType<typeof permittedToNobody>>;

export const UNFILTERED: Filter = { readable: null, sources: null };

export async function embeddedQuestions(model: Embedder, queries: readonly string[]): Promise<Question[]> {
  const vectors = await realVectors(model, queries);
  return queries.map((query, index) => ({
    query,
    embedding: { model: model.model, vector: [...(vectors[index] ?? [])] },
  }));
}

/** A search as the API runs it. */
export async function ask(
  sql: Sql,
  { query, embedding }: Question,
  filter: Filter,
  retrievers: Retrievers = "hybrid",
) {
  return searchDocuments(sql, {
    ...filter,
    query,
    embedding,
    retrievers,
    matchCount: 10,
    returnMode: "chunks",
  });
}
