import type postgres from "postgres";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { ChunkPlace, PageFacts, SwapResult } from "#shared/documents/page-to-store.ts";
import { storePage, type StoreOptions } from "#shared/documents/store-page.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";

export const NOW = new Date("2026-03-01T12:00:00Z");

/** A source, with its model registered; the columns that storage and search read may be set. */
export async function addSource(
  sql: postgres.Sql,
  embedder: Embedder,
  source: { sourceId: string; language?: string; spaceKey?: string; status?: string },
): Promise<void> {
  await registerModel(sql, { model: embedder.model, dimensions: embedder.dimensions, now: NOW });
  await sql`
    insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, search_language,
      embedding_model, status, created_at, updated_at)
    values (${source.sourceId}, ${source.sourceId}, 'https://site.example', ${source.spaceKey ?? source.sourceId}, '1', 'Space',
      'account', ${source.language ?? "english"}, ${embedder.model}, ${source.status ?? "active"}, ${NOW}, ${NOW})`;
}

export type TestPage = Partial<Omit<PageFacts, "sourceId" | "pageId">> & {
  sourceId?: string;
  pageId: string;
  /** The contents of the chunks, or chunks with a heading path. */
  chunks: readonly (string | TestChunk)[];
};

type TestChunk = { content: string; headingPath: string[]; place?: ChunkPlace };

/** Stores a page through the real path; what a test does not name has a plain value. */
export async function store(
  sql: postgres.Sql,
  embedder: Embedder,
  page: TestPage,
  options: Partial<StoreOptions> = {},
): Promise<SwapResult> {
  const facts = pageFacts(page);
  return storePage(
    sql,
    embedder,
    { ...facts, chunks: page.chunks.map((chunk) => chunkToEmbed(facts.title, chunk, embedder)) },
    { now: NOW, model: embedder.model, language: "english", expectedStateRevision: null, ...options },
  );
}

export function pageFacts({ chunks: _, ...page }: TestPage): PageFacts {
  return {
    sourceId: "docs",
    title: `Page ${page.pageId}`,
    version: 1,
    representationRevision: 1,
    status: "current",
    parentId: null,
    kind: "page",
    parentType: null,
    url: `https://site.example/wiki/spaces/DOCS/pages/${page.pageId}`,
    labels: [],
    contentHash: "hash",
    modifiedAt: NOW,
    textLost: null,
    ...page,
  };
}

function chunkToEmbed(title: string, chunk: string | TestChunk, model: Pick<Embedder, "inputHeadings">) {
  const whole: TestChunk = typeof chunk === "string" ? { content: chunk, headingPath: [] } : chunk;
  return { ...whole, input: embeddingInput(title, whole, model) };
}
