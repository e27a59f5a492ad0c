import type { chunkHit } from "#functions/api/responses/hit-json.ts";
import { runLoggedSearch } from "#functions/api/use-cases/run-search.ts";
import { cleanLine, cleanText } from "./text/passage.ts";
import type { ToolContext } from "./tool.ts";

export type ChunkHit = ReturnType<typeof chunkHit>;

/**
 * The chunks that a search for the connection's reader finds, best first, for tools that show several of a page as one. `isKnown`: the
 * source asked for exists, or is withheld. Throws as `runLoggedSearch` does.
 */
export async function findChunks(
  asked: { query: string; sourceId: string | null; matchCount: number },
  { services, caller, asked: reader }: ToolContext,
): Promise<{ hits: ChunkHit[]; reranked: boolean; isKnown: boolean }> {
  const found = await runLoggedSearch(
    { ...reader, caller, query: asked.query, match_count: asked.matchCount, return_mode: "chunks" },
    asked.sourceId === null ? null : [asked.sourceId],
    services,
  );
  return {
    hits: found.results.filter((hit) => "chunk_id" in hit).map(cleaned),
    reranked: found.reranking_applied,
    isKnown: found.sourcesSearched > 0 || found.permissions.withheld_sources.length > 0,
  };
}

/** With nothing in it that is not shown, and titles that are one line. */
function cleaned(hit: ChunkHit): ChunkHit {
  const title = cleanLine(hit.title);
  const headings = hit.heading_path.map((heading) => cleanLine(heading));
  return {
    ...hit,
    title,
    heading_path: headings,
    content: cleanText(hit.content),
    metadata: { ...hit.metadata, title, section: headings.join(" › ") },
  };
}
