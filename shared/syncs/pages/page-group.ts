import { documentEmbedder, embedPages } from "#shared/documents/embed-pages.ts";
import type { EmbeddedChunk } from "#shared/documents/page-to-store.ts";
import { TransientError } from "#shared/errors.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import type { Batch } from "./page-batch.ts";
import type { PreparedPage } from "./prepare-page.ts";

/** Texts that are embedded together: about as many as one request takes, so that little is lost with a worker. */
const GROUP_TEXTS = 256;
const GROUP_CHARACTERS = 250_000;

/** Whether a page may be embedded together with the group. One that failed before is embedded alone: it may be why. */
export function mayJoin(group: readonly PreparedPage[], work: ClaimedWork, batch: Batch): boolean {
  if (group.length === 0) return true;
  if (work.attempts > 1 || group.some((prepared) => prepared.work.attempts > 1)) return false;
  const chunks = group.flatMap(({ page }) => page.chunks);
  const characters = chunks.reduce((sum, { input }) => sum + input.length, 0);
  const { textsPerCall = GROUP_TEXTS } = documentEmbedder(
    batch.services.embedder,
    batch.source.embeddingModel,
  );
  return chunks.length < textsPerCall && characters < GROUP_CHARACTERS;
}

/** Adds to what the next page that ends counts: the texts of a group are embedded together. */
export function countTokens(batch: Batch, tokens: number): void {
  batch.tokensToCount += tokens;
}

/** A group's pages that can be stored, and those that failed; `isLate`: time was up, and the others were not reached. */
export type EmbeddedGroup = {
  ready: { prepared: PreparedPage; chunks: EmbeddedChunk[] }[];
  failed: { prepared: PreparedPage; error: unknown }[];
  isLate: boolean;
};

/** Embeds a group within `withinMs`. When time is up and no page has its vectors, the first page has failed: the time went to it. */
export async function embedGroup(
  batch: Batch,
  group: readonly PreparedPage[],
  withinMs: number,
): Promise<EmbeddedGroup> {
  const { services, source } = batch;
  const signal = AbortSignal.timeout(Math.floor(withinMs));
  const results = await embedPages(
    services.sql,
    services.embedder,
    group.map(({ page }) => page),
    {
      model: source.embeddingModel,
      now: services.now(),
      signal,
      onTokens: (tokens) => countTokens(batch, tokens),
    },
  );
  const ready: EmbeddedGroup["ready"] = [];
  const failed: EmbeddedGroup["failed"] = [];
  for (const [index, prepared] of group.entries()) {
    const result = results[index];
    if (result && "chunks" in result) ready.push({ prepared, chunks: result.chunks });
    else failed.push({ prepared, error: result?.error });
  }
  const isLate = signal.aborted && failed.every(({ error }) => error instanceof TransientError);
  if (!isLate) return { ready, failed, isLate };
  return { ready, failed: failed.slice(0, ready.length === 0 ? 1 : 0), isLate };
}
