import { countWords } from "#shared/documents/stored-text.ts";
import { pageOfSources } from "#shared/sources/source-overviews.ts";
import { knowledgeMetadata } from "#functions/api/responses/knowledge-json.ts";
import type { Caller } from "#functions/runtime/caller.ts";
import { permittedReading, type AskedReader, type ReadServices } from "./permitted-reading.ts";

/**
 * The sources that the caller, or whom it asks for, may search, in the shape of Archon's clients, and how many there are in all. Throws
 * as `permittedReading` does.
 */
export async function listSearchableSources(
  request: { caller: Caller; asked: AskedReader; limit: number },
  services: ReadServices,
) {
  const permitted = await permittedReading({ ...request, sources: null }, services);
  const { readable } = permitted;
  const { sources, total } = await pageOfSources(services.sql, {
    search: null,
    knowledgeType: null,
    order: "created",
    limit: request.limit,
    offset: 0,
    readable,
  });
  const words = await countWords(
    services.sql,
    sources.map((source) => source.sourceId),
    readable,
  );
  return {
    permitted,
    total,
    sources: sources.map((source) => {
      const metadata = knowledgeMetadata(source, readable);
      return {
        source_id: source.sourceId,
        title: source.title,
        summary: metadata.description ?? `Confluence space ${source.spaceName} (${source.spaceKey})`,
        metadata,
        total_words: words.get(source.sourceId) ?? 0,
        update_frequency: metadata.update_frequency,
        created_at: source.createdAt.toISOString(),
        updated_at: source.updatedAt.toISOString(),
      };
    }),
  };
}
