import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant, readerQuery, READER_ERRORS, sourceParams, text, title } from "./fields.ts";

/**
 * The endpoints that clients of Archon's knowledge base know, with their shapes and paging. `/api/knowledge/*` is an alias of
 * `/api/knowledge-items/*`. As there, query parameters and body fields that are not known are ignored.
 */
export const knowledge = (rest: string) => [`/api/knowledge-items${rest}`, `/api/knowledge${rest}`] as const;

export const common = { tag: "Knowledge", errorShape: "detail" } as const;

/** A whole number; as there, one outside its range is clamped and not refused. The response has the value used. */
function clamped(min: number, max: number, otherwise: number) {
  return z.coerce
    .number()
    .int()
    .default(otherwise)
    .transform((value) => Math.min(max, Math.max(min, value)))
    .meta({ description: `Clamped to ${min} … ${max}; ${otherwise} unless set` });
}

const pageNumber = clamped(1, 1_000_000, 1);
const perPage = clamped(1, 100, 20);

/** What Archon's cards can refresh and link is of this type; what the source really is, is in its metadata. */
export const sourceType = z.literal("url");

export const metadata = z
  .object({
    source_type: z.literal("confluence"),
    knowledge_type: z.string(),
    tags: z.array(z.string()),
    description: z.string().nullable(),
    group_name: z.string().nullable(),
    status: z.string().nullable(),
    update_frequency: z.number().nullable(),
    original_url: z.string(),
    space_key: z.string(),
    deletion_strategy: z.string(),
    last_sync_timestamp: z.string().nullable(),
    last_deletion_check: z.string().nullable(),
    sync_metrics: z.record(z.string(), z.number()).nullable(),
  })
  .meta({ id: "KnowledgeMetadata" });

export const status = z.enum(["active", "error"]);

const paged = { total: z.int(), page: z.int(), per_page: z.int(), pages: z.int() };

const knowledgeQuery = z.object({
  page: pageNumber,
  per_page: perPage,
  knowledge_type: text(100).optional(),
  search: text(200).optional().meta({ description: "In title, space or source_id" }),
  ...readerQuery,
});

/** Of lists of sources: for whom they are. */
export const readerNote =
  "Shows the sources whose spaces the reader may see, and counts what they may read. `X-Permissions-Withheld` names sources that show nothing because what is known of their permissions is missing or too old: the first 20, and `X-Permissions-Withheld-Count` is the number of all.";

export const listKnowledgeItems = contract({
  ...common,
  id: "listKnowledgeItems",
  method: "GET",
  paths: knowledge(""),
  scope: "search",
  summary: "Sources as knowledge items",
  description: readerNote,
  errors: READER_ERRORS,
  query: knowledgeQuery,
  responses: {
    200: z.object({
      items: z.array(
        z.object({
          id,
          title: z.string(),
          url: z.string(),
          source_id: id,
          source_type: sourceType,
          code_examples: z.array(z.never()),
          metadata: metadata.extend({ chunks_count: z.int(), page_count: z.int() }),
          created_at: instant,
          updated_at: instant,
        }),
      ),
      ...paged,
    }),
  },
});

export const summariseKnowledgeItems = contract({
  ...common,
  id: "summariseKnowledgeItems",
  method: "GET",
  paths: knowledge("/summary"),
  scope: "search",
  summary: "Sources as knowledge items, in short, last changed first",
  description: readerNote,
  errors: READER_ERRORS,
  query: knowledgeQuery,
  responses: {
    200: z.object({
      items: z.array(
        z.object({
          source_id: id,
          title: z.string(),
          url: z.string(),
          status,
          document_count: z.int(),
          code_examples_count: z.literal(0),
          knowledge_type: z.string(),
          source_type: sourceType,
          created_at: instant,
          updated_at: instant,
          metadata,
        }),
      ),
      ...paged,
    }),
  },
});

export const listChunks = contract({
  ...common,
  id: "listChunks",
  method: "GET",
  paths: knowledge("/{source_id}/chunks"),
  scope: "search",
  summary: "Chunks of a source, by page",
  params: sourceParams,
  query: z.object({
    domain_filter: text(255).optional().meta({ description: "Only chunks whose URL holds it" }),
    limit: perPage,
    offset: clamped(0, 1_000_000_000, 0),
    ...readerQuery,
  }),
  responses: {
    200: z.object({
      success: z.literal(true),
      source_id: id,
      domain_filter: z.string().nullable(),
      chunks: z.array(
        z.object({
          id: z.string(),
          source_id: id,
          content: z.string(),
          metadata: z.object({
            title: z.string(),
            page_id: z.string(),
            chunk_index: z.int(),
            heading_path: z.array(z.string()),
          }),
          url: z.string(),
          title: z.string(),
          section: z.string(),
          source_type: sourceType,
          knowledge_type: z.string(),
        }),
      ),
      total: z.int(),
      limit: z.int(),
      offset: z.int(),
      has_more: z.boolean(),
    }),
  },
  errors: ["source_not_found", ...READER_ERRORS],
});

export const updateKnowledgeItem = contract({
  ...common,
  id: "updateKnowledgeItem",
  method: "PUT",
  paths: knowledge("/{source_id}"),
  scope: "sources:write",
  summary: "Change what describes a source",
  description: "How it is synced is changed by `PATCH /api/confluence/{source_id}`.",
  params: sourceParams,
  body: z.object({
    title: title.optional(),
    description: text(10_000).nullable().optional(),
    knowledge_type: text(100).optional(),
    tags: z.array(text(100)).max(100).optional(),
    status: text(100).optional(),
    update_frequency: z.number().min(0).max(100_000).optional(),
    group_name: text(200).nullable().optional(),
  }),
  responses: { 200: z.object({ success: z.literal(true), message: z.string(), source_id: id }) },
  errors: ["source_not_found"],
  examples: { request: { title: "Handbook", tags: ["internal"] } },
});

export const deleteKnowledgeItem = contract({
  ...common,
  id: "deleteKnowledgeItem",
  method: "DELETE",
  paths: [...knowledge("/{source_id}"), "/api/sources/{source_id}"],
  scope: "sources:write",
  summary: "Delete a source with its pages and chunks",
  params: sourceParams,
  responses: { 200: z.object({ success: z.literal(true), message: z.string(), source_id: id }) },
  errors: ["source_not_found"],
});

export const refreshKnowledgeItem = contract({
  ...common,
  id: "refreshKnowledgeItem",
  method: "POST",
  paths: knowledge("/{source_id}/refresh"),
  scope: "sources:write",
  summary: "Start a sync",
  params: sourceParams,
  responses: { 200: z.object({ success: z.literal(true), progressId: z.uuid(), message: z.string() }) },
  errors: ["source_not_found", "operation_running", "request_in_progress", "idempotency_key_reused"],
  idempotent: true,
});

export const stopOperation = contract({
  ...common,
  id: "stopOperation",
  method: "POST",
  paths: knowledge("/stop/{operation_id}"),
  scope: "sources:write",
  summary: "Cancel an operation",
  description: "404 also for one that has ended: Archon's clients treat that as done.",
  params: z.object({ operation_id: z.uuid() }),
  responses: {
    200: z.object({ success: z.literal(true), message: z.string(), progressId: z.uuid() }),
  },
  errors: ["operation_not_found"],
});
