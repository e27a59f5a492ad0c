import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant, readerQuery, READER_ERRORS } from "./fields.ts";
import { common, knowledge, metadata, readerNote, sourceType, status } from "./archon-knowledge.ts";

export const listKnowledgeSources = contract({
  ...common,
  id: "listKnowledgeSources",
  method: "GET",
  paths: knowledge("/sources"),
  scope: "search",
  summary: "Sources by name",
  description: readerNote,
  errors: READER_ERRORS,
  query: z.object(readerQuery),
  responses: {
    200: z.array(
      z.object({
        id,
        name: z.string(),
        domain: z.string(),
        source_type: sourceType,
        knowledge_type: z.string(),
        status,
        document_count: z.int(),
        created_at: instant,
        updated_at: instant,
      }),
    ),
  },
});

export const databaseMetrics = contract({
  ...common,
  id: "databaseMetrics",
  method: "GET",
  paths: ["/api/database/metrics"],
  scope: "search",
  summary: "How much is stored",
  description: readerNote,
  errors: READER_ERRORS,
  query: z.object(readerQuery),
  responses: {
    200: z.object({
      sources_count: z.int(),
      pages_count: z.int(),
      chunks_count: z.int(),
      code_examples_count: z.literal(0),
      average_pages_per_source: z.number(),
    }),
  },
});

export const listRagSources = contract({
  ...common,
  id: "listRagSources",
  method: "GET",
  paths: ["/api/rag/sources"],
  scope: "search",
  summary: "Sources that can be searched",
  description: readerNote,
  errors: READER_ERRORS,
  query: z.object(readerQuery),
  responses: {
    200: z.object({
      success: z.literal(true),
      sources: z.array(
        z.object({
          source_id: id,
          title: z.string(),
          summary: z.string(),
          metadata,
          total_words: z.int(),
          update_frequency: z.number().nullable(),
          created_at: instant,
          updated_at: instant,
        }),
      ),
      count: z.int(),
    }),
  },
});
