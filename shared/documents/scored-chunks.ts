import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { queriedWords } from "./index-words.ts";

/** The query as a vector, and the model that made it. */
export type QueryEmbedding = { model: string; vector: readonly number[] };

/** Which pages a search may show; what is absent or null filters nothing. */
export type SearchFilter = {
  /** Source ids. */
  sources?: readonly string[] | null;
  /** Space keys, in any case. */
  spaces?: readonly string[] | null;
  /** Pages that carry any of them. */
  labels?: readonly string[] | null;
  updatedSince?: Date | null;
  /** Kinds of content. */
  kinds?: readonly ContentKind[] | null;
  /** What the reader may be shown; null: everything. */
  readable: Readable | null;
};

export type SearchedQuery = {
  query: string;
  /** One for each model that the searched sources use; null searches by words alone. */
  embedding: QueryEmbedding | readonly QueryEmbedding[] | null;
  /** Which retrievers run; default `hybrid`, the others are for comparisons. */
  retrievers?: "hybrid" | "vector" | "keyword";
};

/** Longer queries are pasted documents. */
const MAX_QUERY_LENGTH = 4000;

/** The query as `scored_chunks` takes it. */
export function queryArguments({ query, embedding, retrievers = "hybrid" }: SearchedQuery) {
  const embeddings = retrievers === "keyword" || embedding === null ? [] : [embedding].flat();
  return {
    words: queriedWords(query.replaceAll("\u0000", " ").slice(0, MAX_QUERY_LENGTH)),
    models: embeddings.map(({ model }) => model),
    vectors: embeddings.map(({ vector }) => `[${vector.join(",")}]`),
    keyword: retrievers !== "vector",
  };
}

/** The call of `scored_chunks`, for a `from` clause. `candidates`: per retriever. */
export function scoredChunks(
  sql: Sql,
  { words, models, vectors, keyword }: ReturnType<typeof queryArguments>,
  filter: SearchFilter,
  candidates: number,
) {
  return sql`scored_chunks(${words.question}, ${words.identifiers}, ${words.parts}, ${words.phrases}, ${models}, ${vectors},
    ${textArray(filter.sources)}, ${textArray(filter.spaces)}, ${textArray(filter.labels)}, ${filter.updatedSince ?? null},
    ${textArray(filter.kinds)}, ${readableArguments(sql, filter.readable)}, ${candidates}, ${keyword})`;
}

/** A text array parameter. */
export const textArray = (values: readonly string[] | null | undefined) => (values ? [...values] : null);
