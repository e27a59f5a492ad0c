import { createHash } from "node:crypto";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import type { ChunkToEmbed } from "#shared/documents/embed-pages.ts";
import { PermanentError, type TransientError } from "#shared/errors.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import { readPage, type ReadPage } from "#shared/markdown/read-page.ts";
import type { OptionalCalls } from "#shared/syncs/optional-calls.ts";
import type { IncludedText } from "./included-rights.ts";

/** A page as Confluence returned it, with its body parsed; `notRendered` says why that is the storage body alone. */
export type CompletePage = {
  page: ConfluencePage;
  content: ReadPage;
  notRendered: PermanentError | TransientError | null;
  /** The pages whose text is shown because their rights let it be; none where no rights are carried over. */
  included: PageDependency[];
};

export type ProcessedPage = { chunks: ChunkToEmbed[]; contentHash: string; textLost: string | null };

/**
 * Parses the body of a fetched page. Where the storage body lacks what macros show (include, jira, children, …), takes that from
 * the rendered body: one more call, only for such pages. If the body cannot be rendered, the storage body alone is used. `guardOf`: which
 * of it the page may show (null: all); `areAsStored`: whether the pages that it shows then are as they were when that was decided.
 * @throws PermanentError `body_missing`, and as readPage (`body_too_large`, …); what the client throws
 */
export async function readCompletePage(
  client: ConfluenceClient,
  calls: OptionalCalls,
  page: ConfluencePage,
  { guardOf, areAsStored }: IncludedText,
): Promise<CompletePage> {
  const content = readBody(page);
  if (page.body?.format !== "storage" || content.macrosToRender.length === 0)
    return { page, content, notRendered: null, included: [] };
  const guard = await guardOf(content);
  const shown = content.shownByMacros.filter(guard ?? (() => true));
  const included = guard ? shown.flat().filter(({ kind }) => kind === "page") : [];
  if (shown.length === 0) return { page, content, notRendered: null, included };
  const attempt = await calls.attempt("rendered", async () => {
    const rendered = await client.renderedPage(page.kind, page.id);
    if (!rendered.body)
      throw new PermanentError("body_missing", "Confluence returned the page without its rendered body");
    // The bodies are fetched one after the other: the older version number is the safe one to store.
    const version = Math.min(page.version, rendered.version);
    // The macros of another version are not those that the guard has seen. The text of a live doc changes without one.
    const isOwnSame = rendered.version === page.version && page.subtype !== "live";
    const isSame = isOwnSame && (await areAsStored(included));
    const mayShow = guard && !isSame ? () => false : guard;
    return {
      page: { ...page, version },
      content: content.withRendered(rendered.body.value, mayShow ?? undefined),
      included: isSame ? included : [],
    };
  });
  if (!attempt.ok) return { page, content, notRendered: attempt.error, included: [] };
  return { ...attempt.value, notRendered: null };
}

function readBody(page: ConfluencePage): ReadPage {
  if (!page.body) throw new PermanentError("body_missing", "Confluence returned the page without a body");
  return readPage(page.body);
}

/**
 * The ConfluenceProcessor: a page's body as Markdown, cut into chunks. Pure except for what the resolver returns.
 * `model`: the one that its chunks are embedded by.
 * @throws PermanentError as ReadPage.toMarkdown
 */
export function processConfluencePage(
  { page, content }: CompletePage,
  resolver: ReferenceResolver,
  model: Pick<Embedder, "inputHeadings"> = {},
): ProcessedPage {
  const converted = content.toMarkdown(resolver);
  const chunks = chunkPage(converted).map((chunk) => ({
    ...chunk,
    input: embeddingInput(page.title, chunk, model),
  }));
  return { chunks, contentHash: hashOf(converted.markdown), textLost: converted.textLost };
}

function hashOf(markdown: string): string {
  return createHash("sha256").update(markdown).digest("hex");
}

/** The content hash of a page without text. */
export const EMPTY_CONTENT_HASH = hashOf("");
