import type { ContentKind } from "#shared/content-kinds.ts";

export type Hit = {
  chunkId: string;
  sourceId: string;
  pageId: string;
  kind: ContentKind;
  /** Another site has a page of this id that search can show the reader. */
  hasTwin: boolean;
  title: string;
  url: string;
  /** From the top of the space to the page's parent. */
  ancestors: { page_id: string; title: string }[];
  /** Of comments and files: what they are on; null for others. */
  parent: { page_id: string; title: string; url: string } | null;
  /** Of comments: the thread. */
  comment: {
    comment_id: string;
    authors: string[];
    /** ISO-8601. */
    updated_at: string | null;
    location: "footer" | "inline";
    selection: string | null;
  } | null;
  /** Of files, with the chunk's place in it; `page` and `slide` count from 1. */
  file: { name: string; media_type: string | null; page?: number; slide?: number; sheet?: string } | null;
  headingPath: string[];
  chunkNumber: number;
  content: string;
  /** HTML-safe: everything is escaped except `<mark>` and `</mark>` around matches. */
  snippet: string;
  /** 0 to 1, from similarity and words: comparable only within one response. */
  score: number;
  /** Cosine similarity; null when only the keyword retriever found it. */
  similarity: number | null;
  explanation: Explanation;
  matchType: "vector" | "keyword" | "hybrid";
  labels: string[];
  modifiedAt: Date | null;
  /** Page mode: the page's other chunks that matched, best first; else empty. */
  furtherChunks: { chunkId: string; headingPath: string[]; content: string; score: number }[];
  /** Other pages with the same content (page mode: with the same best chunk), best first, at most `ALSO_ON_AT_MOST`. */
  alsoOn: { sourceId: string; pageId: string; hasTwin: boolean; title: string; url: string; space: string }[];
  /** Number of such pages among the candidates. */
  alsoOnTotal: number;
};

/** What the score of a chunk is made of. */
export type Explanation = {
  /** Null: no vector of it could be compared. Its similarity counts even if its rank is null because others are nearer. */
  vector: { rank: number | null; similarity: number } | null;
  /** Null: no words match. `relevance`: 0 to 1.2; `coverage`: share of the weight of the query's words that the chunk contains. */
  words: { rank: number; relevance: number; coverage: number; isNamed: boolean; isTitled: boolean } | null;
  /** Of the similarity, beside 1 for the relevance; belongs to the model. */
  vectorWeight: number;
};

export type SearchResult = {
  hits: Hit[];
  /** Chunks (or pages) of distinct content that were ranked; more than `hits` when `matchCount` cut them off. */
  totalFound: number;
  candidates: Candidates;
  searchMode: "hybrid" | "vector" | "keyword";
  /** Number of sources searched; 0 if the requested sources do not exist (any more). */
  sourcesSearched: number;
  /** Those of them searched by words alone although vectors were asked for, because the query was not embedded with their models. */
  byWordsAlone: { sources: number; models: string[] };
};

/** The chunks that were ranked. */
export type Candidates = {
  /** Of each retriever. */
  atMost: number;
  byVector: number;
  byWords: number;
  /** Those (page mode: those pages) that are shown as copies of another. */
  duplicates: number;
};
