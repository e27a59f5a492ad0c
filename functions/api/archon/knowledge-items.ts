import { countStored, listStoredChunks } from "#shared/documents/stored-text.ts";
import { pageOfSources, type SourcePageRequest } from "#shared/sources/source-overviews.ts";
import { requireSource, updateSource } from "#shared/sources/sources.ts";
import {
  databaseMetrics,
  listKnowledgeSources,
  listRagSources,
} from "#functions/api/contract/archon-sources.ts";
import {
  listChunks,
  listKnowledgeItems,
  summariseKnowledgeItems,
  updateKnowledgeItem,
} from "#functions/api/contract/archon-knowledge.ts";
import {
  knowledgeMetadata,
  knowledgeStatus,
  pagedBy,
  spaceUrl,
} from "#functions/api/responses/knowledge-json.ts";
import {
  permittedReading,
  requireReadable,
  withheldHeaders,
} from "#functions/api/use-cases/permitted-reading.ts";
import { listSearchableSources } from "#functions/api/use-cases/list-searchable-sources.ts";
import { requireOverview } from "#functions/api/use-cases/require-source.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** More sources than a deployment has: some of Archon's lists have no paging. */
const ALL_SOURCES = {
  search: null,
  knowledgeType: null,
  order: "created",
  limit: 10_000,
  offset: 0,
} as const satisfies Omit<SourcePageRequest, "readable">;

const listItems = route(listKnowledgeItems)([database], async ({ query, caller }, services) => {
  const permitted = await permittedReading({ caller, asked: query, sources: null }, services);
  const { readable } = permitted;
  const { sources, total } = await pageOfSources(services.sql, { ...asPage(query, "created"), readable });
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: {
      items: sources.map((source) => ({
        id: source.sourceId,
        title: source.title,
        url: spaceUrl(source),
        source_id: source.sourceId,
        source_type: "url",
        code_examples: [],
        metadata: {
          ...knowledgeMetadata(source, readable),
          chunks_count: source.chunkCount,
          page_count: source.pageCount,
        },
        created_at: source.createdAt.toISOString(),
        updated_at: source.updatedAt.toISOString(),
      })),
      ...pagedBy(query, total),
    },
  };
});

const summarise = route(summariseKnowledgeItems)([database], async ({ query, caller }, services) => {
  const permitted = await permittedReading({ caller, asked: query, sources: null }, services);
  const { readable } = permitted;
  const { sources, total } = await pageOfSources(services.sql, { ...asPage(query, "updated"), readable });
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: {
      items: sources.map((source) => {
        const metadata = knowledgeMetadata(source, readable);
        return {
          source_id: source.sourceId,
          title: source.title,
          url: spaceUrl(source),
          status: knowledgeStatus(source),
          document_count: source.pageCount,
          code_examples_count: 0,
          knowledge_type: metadata.knowledge_type,
          source_type: "url",
          created_at: source.createdAt.toISOString(),
          updated_at: source.updatedAt.toISOString(),
          metadata,
        };
      }),
      ...pagedBy(query, total),
    },
  };
});

const listByName = route(listKnowledgeSources)([database], async ({ query, caller }, services) => {
  const permitted = await permittedReading({ caller, asked: query, sources: null }, services);
  const { readable } = permitted;
  const { sources } = await pageOfSources(services.sql, { ...ALL_SOURCES, readable });
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: sources.map((source) => ({
      id: source.sourceId,
      name: source.title,
      domain: new URL(source.baseUrl).host,
      source_type: "url",
      knowledge_type: knowledgeMetadata(source, readable).knowledge_type,
      status: knowledgeStatus(source),
      document_count: source.pageCount,
      created_at: source.createdAt.toISOString(),
      updated_at: source.updatedAt.toISOString(),
    })),
  };
});

const metrics = route(databaseMetrics)([database], async ({ query, caller }, services) => {
  const permitted = await permittedReading({ caller, asked: query, sources: null }, services);
  const { sources, pages, chunks: chunkCount } = await countStored(services.sql, permitted.readable);
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: {
      sources_count: sources,
      pages_count: pages,
      chunks_count: chunkCount,
      code_examples_count: 0,
      average_pages_per_source: sources === 0 ? 0 : Math.round((100 * pages) / sources) / 100,
    },
  };
});

const listSources = route(listRagSources)([database], async ({ query, caller }, services) => {
  const request = { caller, asked: query, limit: ALL_SOURCES.limit };
  const { permitted, sources } = await listSearchableSources(request, services);
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: { success: true, sources, count: sources.length },
  };
});

const chunks = route(listChunks)([database], async ({ params, query, caller }, services) => {
  const permitted = await permittedReading({ caller, asked: query, sources: [params.source_id] }, services);
  requireReadable(permitted, params.source_id);
  const { readable } = permitted;
  const source = await requireOverview(services.sql, params.source_id);
  const { knowledge_type } = knowledgeMetadata(source, readable);
  const found = await listStoredChunks(services.sql, {
    readable,
    sourceId: source.sourceId,
    urlContains: query.domain_filter ?? null,
    limit: query.limit,
    offset: query.offset,
  });
  return {
    status: 200,
    headers: withheldHeaders(permitted),
    body: {
      success: true,
      source_id: source.sourceId,
      domain_filter: query.domain_filter ?? null,
      chunks: found.chunks.map((chunk) => ({
        id: chunk.id,
        source_id: source.sourceId,
        content: chunk.content,
        metadata: {
          title: chunk.title,
          page_id: chunk.pageId,
          chunk_index: chunk.chunkNumber,
          heading_path: chunk.headingPath,
        },
        url: chunk.url,
        title: chunk.title,
        section: chunk.headingPath.join(" › "),
        source_type: "url",
        knowledge_type,
      })),
      total: found.total,
      limit: query.limit,
      offset: query.offset,
      has_more: query.offset + found.chunks.length < found.total,
    },
  };
});

const update = route(updateKnowledgeItem)([database], async ({ params, body }, { sql, now }) => {
  const source = await requireSource(sql, params.source_id);
  const { title, ...described } = body;
  const metadata = Object.fromEntries(Object.entries(described).filter(([, value]) => value !== undefined));
  await updateSource(sql, source.sourceId, { ...(title === undefined ? {} : { title }), metadata }, now());
  return {
    status: 200,
    body: { success: true, message: `Updated source ${source.sourceId}`, source_id: source.sourceId },
  };
});

function asPage(
  query: { page: number; per_page: number; search?: string | undefined; knowledge_type?: string | undefined },
  order: SourcePageRequest["order"],
): Omit<SourcePageRequest, "readable"> {
  return {
    search: query.search ?? null,
    knowledgeType: query.knowledge_type ?? null,
    order,
    limit: query.per_page,
    offset: (query.page - 1) * query.per_page,
  };
}

/** The knowledge endpoints that read and describe sources. */
export const handler = httpHandler(listItems, summarise, listByName, listSources, metrics, chunks, update);
