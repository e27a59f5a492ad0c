import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { id, instant } from "./fields.ts";

const ancestor = z.object({ page_id: z.string(), title: z.string() });
const parent = z
  .object({ page_id: z.string(), title: z.string(), url: z.string() })
  .nullable()
  .meta({ description: "Of comments and files: the page or blog post that they are on" });
const comment = z
  .object({
    comment_id: z.string().meta({ description: "The first of the thread; `url` opens the page at it" }),
    authors: z.array(z.string()),
    updated_at: instant.nullable(),
    location: z.enum(["footer", "inline"]),
    selection: z.string().nullable().meta({ description: "The text of the page that it is about" }),
  })
  .nullable()
  .meta({ description: "Of comments: the thread" });
const file = z
  .object({
    name: z.string(),
    media_type: z.string().nullable(),
    page: z.int().nullable().meta({ description: "Of a PDF; from 1" }),
    slide: z.int().nullable().meta({ description: "Of a presentation; from 1" }),
    sheet: z.string().nullable().meta({ description: "Of a workbook" }),
  })
  .nullable()
  .meta({ description: "Of files, with the place of the chunk in it" });
const score = z.number().meta({
  description: "From both retrievers, or the reranking model's: comparable within one response only",
});
const pageId = z.string().meta({
  description:
    "Confluence's id; `SOURCE_ID~ID` where another site has a page of the same id. `GET /api/pages/{page_id}` takes both",
});
const kind = z.enum(CONTENT_KINDS).meta({ description: "Of content" });
const matchType = z.enum(["vector", "keyword", "hybrid"]);

const copies = {
  also_on: z
    .array(z.object({ page_id: pageId, title: z.string(), url: z.string(), space: z.string() }))
    .meta({
      description:
        "Other pages with the same content (with `return_mode` `pages`: whose best chunk is the same), at most 10. The best of the copies is the hit; of equal ones, that of the page modified last",
    }),
  also_on_total: z.int().meta({ description: "Number of such pages among the candidates" }),
};

/** What the score of a hit is made of. */
export const scoreParts = z.object({
  vector: z.object({ rank: z.int().nullable(), similarity: z.number() }).nullable().meta({
    description:
      "By meaning; null without a vector to compare. `rank` is null when it is not among the nearest: its similarity counts all the same",
  }),
  words: z
    .object({
      rank: z.int(),
      relevance: z.number().meta({ description: "0 to 1.2" }),
      coverage: z.number().meta({ description: "Share of the weight of the query's words found in it" }),
      is_named: z.boolean().meta({ description: "It contains all names and quoted phrases of the query" }),
      is_titled: z.boolean().meta({ description: "Its page has the query as title" }),
    })
    .nullable()
    .meta({ description: "By words; null when none matches" }),
  vector_weight: z.number().meta({ description: "What the similarity counts, beside 1 for `relevance`" }),
  score,
});

const explanation = scoreParts
  .optional()
  .meta({ description: "With `explain` only. Of a page: of its best chunk", id: "HitExplanation" });

/** A hit of `return_mode` `chunks`. */
export const chunkHit = z
  .object({
    id: z.string().meta({ description: "Of the chunk" }),
    chunk_id: z.string(),
    source_id: id,
    page_id: pageId,
    kind,
    title: z.string(),
    url: z.string(),
    ancestors: z.array(ancestor).meta({ description: "From the space's top to the page's parent" }),
    parent,
    comment,
    file,
    heading_path: z.array(z.string()),
    content: z.string().meta({ description: "Markdown" }),
    snippet: z.string().meta({ description: "HTML-safe, with <mark> around what matched" }),
    score,
    similarity_score: z.number().meta({ description: "The same as `score`" }),
    similarity: z.number().nullable().meta({ description: "Cosine; null when only words found it" }),
    match_type: matchType,
    labels: z.array(z.string()),
    modified_at: instant.nullable(),
    ...copies,
    explanation,
    metadata: z.object({
      source_id: id,
      page_id: pageId,
      title: z.string(),
      url: z.string(),
      section: z.string(),
      chunk_index: z.int(),
    }),
  })
  .meta({ id: "ChunkHit" });

/** A hit of `return_mode` `pages`: the best chunks of one page, thread or file. */
export const pageHit = z
  .object({
    page_id: pageId,
    kind,
    source_id: id,
    title: z.string(),
    heading_path: z.array(z.string()).meta({ description: "Of the best chunk" }),
    section_title: z.string().meta({ description: "The last of `heading_path`, else the title" }),
    url: z.string(),
    ancestors: z.array(ancestor),
    parent,
    comment,
    file,
    snippet: z.string(),
    score,
    aggregate_similarity: z.number().meta({ description: "The same as `score`" }),
    average_similarity: z.number(),
    match_type: matchType,
    labels: z.array(z.string()),
    modified_at: instant.nullable(),
    ...copies,
    explanation,
    word_count: z.int().meta({ description: "Of the chunks shown" }),
    chunk_matches: z.int(),
    chunks: z.array(
      z.object({
        id: z.string(),
        heading_path: z.array(z.string()),
        content: z.string(),
        score: z.number(),
      }),
    ),
  })
  .meta({ id: "PageHit" });
