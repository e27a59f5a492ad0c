import type { ContentKind } from "#shared/content-kinds.ts";
import type { RenderedMissing } from "./rendered-missing.ts";
import type { NewRendering } from "./renderings.ts";

/**
 * Where in its document a chunk stands; nothing in chunks of pages. `comment_id`: the first comment of its thread; `page` and `slide` of a
 * file count from 1.
 */
export type ChunkPlace = { comment_id: string } | { page: number } | { slide: number } | { sheet: string };

/** A chunk to be stored. `embedding` is null when a row of this page with the same input already has one of this model. */
export type EmbeddedChunk = {
  content: string;
  headingPath: string[];
  place?: ChunkPlace | null;
  /** SHA-256 (hex) of exactly what is embedded. */
  inputHash: string;
  embedding: readonly number[] | null;
  /** The id of the chunk to be, if it is stored already where no reader finds it (`stageChunks`). */
  stagedId?: string | null;
};

/** Everything about a page except its chunks, as Confluence returned it. */
export type PageFacts = {
  sourceId: string;
  pageId: string;
  kind: ContentKind;
  title: string;
  version: number;
  representationRevision: number;
  status: string;
  parentId: string | null;
  parentType: string | null;
  /** `live`: its text may be another one at an equal version. */
  subtype?: string | null;
  url: string;
  /** Null: unknown, the stored ones stay. */
  labels: readonly string[] | null;
  /** Of the Markdown. */
  contentHash: string;
  modifiedAt: Date | null;
  /** Text that the converter lost; null if none. */
  textLost: string | null;
  /** Set if this is the storage body alone although the page has macros that only the rendered body shows. */
  renderedMissing?: RenderedMissing | null;
  /** Of bodies that show what is not the page's own: whether that was left out where the rights of its readers do not let it be. */
  others?: "guarded" | "unguarded" | null;
  /** Null: the body shows nothing of other content. */
  rendering?: NewRendering | null;
};

/** A page with its chunks in reading order: `chunks[i]` gets `chunk_number` i. */
export type PageToStore = PageFacts & { chunks: readonly EmbeddedChunk[] };

/** The result of a swap. `superseded`: the stored page is newer (or was deleted since); nothing was written. */
export type SwapResult = {
  outcome: "added" | "updated" | "superseded";
  chunksAdded: number;
  chunksKept: number;
  chunksRemoved: number;
  embeddingsCreated: number;
  embeddingsReused: number;
};
