import type { chunkHit, pageHit } from "#functions/api/responses/hit-json.ts";
import { runLoggedSearch, type SearchBody } from "#functions/api/use-cases/run-search.ts";
import { cleanAddress, cleanLine, cleanText } from "./text/passage.ts";
import type { ToolContext, ToolLog } from "./tool.ts";
import { searchWarnings } from "./warnings.ts";

export type ChunkHit = ReturnType<typeof chunkHit>;
/** A page, a file or the comments of a page. */
export type DocumentHit = ReturnType<typeof pageHit>;

type Asked = {
  query: string;
  sourceId: string | null;
  matchCount: number;
  choose?: SearchBody["choose"];
};

/**
 * Best first. `isKnown`: the source asked for exists, or is withheld. `isWithheld`: nothing was searched, as what is known of the
 * permissions is too old. `undecided`: number of hits that were left out. `warnings`: what the hits may lack. `log`: for whom it was
 * searched.
 */
type Found<Hit> = {
  hits: Hit[];
  reranked: boolean;
  isKnown: boolean;
  isWithheld: boolean;
  undecided: number;
  warnings: string[];
  log: ToolLog;
};

/** The chunks that a search for the connection's reader finds. Throws as `runLoggedSearch` does. */
export async function findChunks(asked: Asked, context: ToolContext): Promise<Found<ChunkHit>> {
  const { results, ...found } = await find(asked, "chunks", context);
  const hits = results.flatMap((hit) => ("chunk_id" in hit ? [hit] : []));
  return {
    ...found,
    hits: hits.map((hit) => {
      const { title, heading_path } = cleanTitles(hit);
      const metadata = {
        ...hit.metadata,
        url: cleanAddress(hit.metadata.url),
        title,
        section: heading_path.join(" › "),
      };
      const url = cleanAddress(hit.url);
      return { ...hit, url, title, heading_path, content: cleanText(hit.content), metadata };
    }),
  };
}

/** The documents that a search for the connection's reader finds. Throws as `runLoggedSearch` does. */
export async function findDocuments(asked: Asked, context: ToolContext): Promise<Found<DocumentHit>> {
  const { results, ...found } = await find(asked, "pages", context);
  const hits = results.flatMap((hit) => ("document_id" in hit ? [hit] : []));
  return {
    ...found,
    hits: hits.map((hit) => {
      const chunks = hit.chunks.map((chunk) => ({ ...chunk, content: cleanText(chunk.content) }));
      return { ...hit, ...cleanTitles(hit), url: cleanAddress(hit.url), chunks };
    }),
  };
}

async function find(
  { query, sourceId, matchCount, choose }: Asked,
  returnMode: "chunks" | "pages",
  { services, caller, asked: reader }: ToolContext,
) {
  const { results, permissions, ...found } = await runLoggedSearch(
    { ...reader, caller, query, match_count: matchCount, return_mode: returnMode, choose },
    sourceId === null ? null : [sourceId],
    services,
  );
  const { length: withheld } = permissions.withheld_sources;
  return {
    results,
    reranked: found.reranking_applied,
    log: { permissions: permissions.mode, account_id: permissions.account_id },
    isKnown: found.sourcesSearched > 0 || withheld > 0,
    isWithheld: found.sourcesSearched === 0 && withheld > 0,
    undecided: permissions.undecided_hits,
    warnings: searchWarnings({ ...found, permissions }),
  };
}

function cleanTitles({ title, heading_path }: Pick<ChunkHit, "title" | "heading_path">) {
  return { title: cleanLine(title), heading_path: heading_path.map((heading) => cleanLine(heading)) };
}
