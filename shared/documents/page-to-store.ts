import type { RenderedMissing } from "./rendered-missing.ts";

/** A chunk as it is stored. `embedding` is null when a row of this page with the same input already has one of this model. */
export type EmbeddedChunk = {
  content: string;
  headingPath: string[];
  /** SHA-256 (hex) of exactly what is embedded. */
  inputHash: string;
  embedding: readonly number[] | null;
};

/** Everything about a page but its chunks, as Confluence tells it. */
export type PageFacts = {
  sourceId: string;
  pageId: string;
  title: string;
  version: number;
  representationRevision: number;
  status: string;
  parentId: string | null;
  parentType: string | null;
  url: string;
  /** Null: not told, the stored ones stay. */
  labels: readonly string[] | null;
  /** Of the Markdown. */
  contentHash: string;
  modifiedAt: Date | null;
  /** What the converter could not carry over; null when nothing was lost. */
  textLost: string | null;
  /** Set when this is the storage body alone, though the page has macros that only its rendered body shows. */
  renderedMissing?: RenderedMissing | null;
};

/** A page with its chunks in reading order: `chunks[i]` gets `chunk_number` i. */
export type PageToStore = PageFacts & { chunks: readonly EmbeddedChunk[] };

/** What became of a page in the swap. `superseded`: the stored page is newer (or was deleted since); nothing was written. */
export type SwapResult = {
  outcome: "added" | "updated" | "superseded";
  chunksAdded: number;
  chunksKept: number;
  chunksRemoved: number;
  embeddingsCreated: number;
  embeddingsReused: number;
};
