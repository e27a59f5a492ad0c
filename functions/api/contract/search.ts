import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { PERMISSION_MODES } from "#shared/access/readers/reader.ts";
import { id, instant, sentInstant, readerFields, READER_ERRORS, text } from "./fields.ts";
import { chunkHit, pageHit } from "./search-hits.ts";

/** Enough for any reader, few enough for one response. */
export const MAX_MATCHES = 100;

const filters = {
  labels: z.array(text(255)).max(50).optional().meta({ description: "Only pages that carry one of them" }),
  updated_since: sentInstant.optional().meta({ description: "Only pages modified then or later" }),
  kinds: z
    .array(z.enum(CONTENT_KINDS).meta({ description: "Of content" }))
    .min(1)
    .optional()
    .meta({ description: "Only content of these kinds; all kinds unless set" }),
};
const query = text(4000).meta({ example: "How do I rotate the signing key?" });
const returnMode = z.enum(["chunks", "pages"]).default("chunks");
const matchCount = "Results of distinct content: copies of the same content are one result";
const explain = "Whether to return what each hit's score is made of, and what the filter removed";

const explained = z
  .object({
    candidates_at_most: z.int().meta({ description: "Chunks that each retriever was asked for" }),
    candidates_by_vector: z.int(),
    candidates_by_words: z.int().meta({ description: "Also those that only vectors found, if words match" }),
    duplicates: z.int().meta({ description: "Candidates that are copies of another" }),
    sources_searched: z.int(),
    removed_by_filter: z
      .object({ source: z.int(), space: z.int(), labels: z.int(), updated_since: z.int(), kinds: z.int() })
      .meta({
        description:
          "Candidates of the same search without a filter, by the first condition that they do not meet. What may not be shown is not counted",
      }),
  })
  .optional()
  .meta({
    description: "With `explain` only, and never with a source of verify `live`",
    id: "SearchExplanation",
  });

const found = z.object({
  success: z.literal(true),
  results: z.union([z.array(chunkHit), z.array(pageHit)]),
  query: z.string(),
  corrected_query: z.string().nullable().meta({
    description:
      "What was searched for instead, because no chunk that may be shown contains any word of `query`: the nearest words that such chunks contain. Null otherwise, and where `verify` left out all that they found",
  }),
  source: id.nullable(),
  match_count: z.int(),
  total_found: z.int().meta({
    description:
      "Results of distinct content, returned or not; with a source of verify `live`, those returned",
  }),
  execution_path: z.string(),
  search_mode: z.enum(["hybrid", "vector", "keyword"]),
  reranking_applied: z.boolean().meta({
    description:
      "Whether a reranking model ordered the results and gave them their scores: false where none is configured, where there was one result at most, and where it failed",
  }),
  return_mode: z.enum(["chunks", "pages"]),
  warnings: z.array(z.object({ code: z.enum(["embedding_model_changing"]), message: z.string() })).meta({
    description:
      "What makes these results worse than usual, as sources searched by words alone; mostly empty",
  }),
  permissions: z
    .object({
      mode: z.enum(PERMISSION_MODES).meta({
        description:
          "`unfiltered`: the searched sources show everything to whoever searches; `unrestricted`: sources among them show only what has no restrictions in Confluence; `per_user`: what the person may see; `anonymous`: what the public may see; `all`: everything was asked for",
      }),
      account_id: z.string().nullable().meta({ description: "Whose search it was, where that matters" }),
      oldest_evidence: instant.nullable().meta({
        description: "When the oldest of what was relied on was read from Confluence; null where nothing was",
      }),
      withheld_sources: z.array(id).meta({
        description:
          "Sources that show nothing, because what is known of their permissions is missing or too old",
      }),
      undecided_hits: z.int().meta({
        description:
          "Hits left out because Confluence did not say in time whether the person may see them (sources with verify `live`)",
      }),
    })
    .meta({ id: "SearchPermissions" }),
  explained,
});

const common = { method: "POST", scope: "search", tag: "Search", errorShape: "detail" } as const;

/** A search as a request asks for it, apart from how it is returned. */
export const searched = {
  query,
  source: id.nullable().optional().meta({ description: "A source_id; all sources unless set" }),
  space_key: text(255)
    .nullable()
    .optional()
    .meta({ description: "Of any site, in any case; all spaces unless set" }),
  match_count: z.int().min(1).max(MAX_MATCHES).default(5).meta({ description: matchCount }),
  ...filters,
  ...readerFields,
};

export const search = contract({
  ...common,
  id: "search",
  paths: ["/api/rag/query"],
  summary: "Search by meaning and by words",
  description:
    "An empty `results` means that nothing matches: a search that could not run is an error. Pages deleted or not visible in Confluence are never found, nor what the person that the search is for may not see: no count, title or suggestion tells of it. How often words occur is counted over all chunks, and moves ranks and scores only.",
  body: z
    .strictObject({
      ...searched,
      return_mode: returnMode,
      explain: z.boolean().default(false).meta({ description: explain }),
    })
    .meta({ id: "SearchRequest" }),
  responses: { 200: found },
  errors: ["empty_query", "source_not_found", "embedding_unavailable", "rights_changing", ...READER_ERRORS],
  examples: { request: { query: "How do I rotate the signing key?", match_count: 3 } },
});

/** As Archon takes it: unknown fields are ignored, and unknown sources match nothing. */
export const searchKnowledge = contract({
  ...common,
  id: "searchKnowledge",
  paths: ["/api/knowledge-items/search", "/api/knowledge/search"],
  summary: "The same search, as clients of Archon ask for it",
  description:
    "Unknown fields are ignored, numbers are moved into their range, and a source that is not there has no results.",
  body: z
    .object({
      query,
      source: text(255).nullable().optional(),
      sources: z
        .array(text(255))
        .max(1000)
        .nullable()
        .optional()
        .meta({ description: "Ids; all unless set" }),
      knowledge_type: text(100).nullable().optional().meta({ description: "Only sources of this type" }),
      space_key: text(255).nullable().optional(),
      match_count: z.int().nullable().optional().meta({ description: matchCount }),
      limit: z.int().nullable().optional().meta({ description: "The same as `match_count`" }),
      return_mode: returnMode,
      explain: z.boolean().nullable().optional().meta({ description: explain }),
      ...filters,
      ...readerFields,
    })
    .meta({ id: "KnowledgeSearchRequest" }),
  responses: { 200: found.extend({ source: z.string().nullable(), total: z.int() }) },
  errors: ["empty_query", "embedding_unavailable", "rights_changing", ...READER_ERRORS],
  examples: { request: { query: "How do I rotate the signing key?", limit: 3 } },
});
