import { createHash } from "node:crypto";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import type { ChunkToEmbed } from "#shared/documents/store-page.ts";
import { PermanentError } from "#shared/errors.ts";
import { convertPage } from "#shared/markdown/convert-page.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { macrosNeedingRenderedBody } from "#shared/markdown/rendered-body.ts";

export type ProcessedPage = { chunks: ChunkToEmbed[]; contentHash: string; textLost: string | null };

/**
 * The ConfluenceProcessor: a page's body as Markdown, cut into chunks. Pure but for the resolver's answers. Throws
 * PermanentError `body_missing`, and what the converter throws (`body_too_large`, …).
 */
export function processConfluencePage(page: ConfluencePage, resolver: ReferenceResolver): ProcessedPage {
  if (!page.body) throw new PermanentError("body_missing", "Confluence sent the page without a body");
  const { markdown, textLost } = convertPage({ format: page.body.format, body: page.body.value, resolver });
  const chunks = chunkMarkdown(markdown).map((chunk) => ({
    ...chunk,
    input: embeddingInput(page.title, chunk),
  }));
  return { chunks, contentHash: createHash("sha256").update(markdown).digest("hex"), textLost };
}

/**
 * The page as fetched, or with its rendered body when its storage leaves out what macros show (include, jira, children, …):
 * one more call, only for such pages.
 */
export async function withCompleteBody(
  client: ConfluenceClient,
  page: ConfluencePage,
): Promise<ConfluencePage> {
  if (page.body?.format !== "storage" || macrosNeedingRenderedBody(page.body.value).length === 0) return page;
  const rendered = await client.renderedPage(page.id);
  // The two are fetched one after the other: the older version number is the one that is safe to store.
  return { ...page, body: rendered.body, version: Math.min(page.version, rendered.version) };
}
