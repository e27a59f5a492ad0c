import { z } from "zod";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant, readerQuery, READER_ERRORS, text } from "./fields.ts";

/** Above this, Archon's pages contain a notice instead of the text. */
export const MAX_FULL_CONTENT = 20_000;

const storedPage = z.object({
  id: z.string().meta({
    description: "Confluence's id; `SOURCE_ID~ID` where another site has a page of the same id",
  }),
  page_id: z.string(),
  source_id: id,
  url: z.string(),
  section_title: z.string(),
  section_order: z.int(),
  word_count: z.int(),
  char_count: z.int(),
  chunk_count: z.int(),
});

const fullPage = storedPage
  .extend({
    full_content: z.string().meta({
      description: `The page's chunks as Markdown; above ${MAX_FULL_CONTENT} characters a notice`,
    }),
    metadata: z.object({
      version: z.int(),
      labels: z.array(z.string()),
      modified_at: instant.nullable(),
    }),
    created_at: instant.nullable(),
    updated_at: instant.nullable(),
  })
  .meta({ id: "StoredPage" });

const pages = { tag: "Knowledge", errorShape: "detail_text", scope: "search" } as const;

export const listStoredPages = contract({
  ...pages,
  id: "listStoredPages",
  method: "GET",
  paths: ["/api/pages"],
  summary: "Pages of a source that search finds for the reader",
  description:
    "At most 10,000, and fewer where their titles fill the response before, by title; `total` counts all that the reader may see. `GET /api/confluence/{source_id}/pages` has cursors.",
  query: z.object({
    source_id: id,
    section: text(500).optional().meta({ description: "A title" }),
    ...readerQuery,
  }),
  responses: {
    200: z.object({ pages: z.array(storedPage), total: z.int(), source_id: id }),
  },
  errors: ["source_not_found", ...READER_ERRORS],
});

export const getPageByUrl = contract({
  ...pages,
  id: "getPageByUrl",
  method: "GET",
  paths: ["/api/pages/by-url"],
  summary: "One page by its Confluence address",
  description: "One that the reader may not see is not found, as one that does not exist.",
  query: z.object({ url: text(4000).min(1), ...readerQuery }),
  responses: { 200: fullPage },
  errors: ["page_not_found", "page_ambiguous", ...READER_ERRORS],
});

export const getPage = contract({
  ...pages,
  id: "getPage",
  method: "GET",
  paths: ["/api/pages/{page_id}"],
  summary: "One page by its Confluence id",
  description:
    "`page_id` as search results and lists of pages have it. One that the reader may not see is not found, as one that does not exist.",
  params: z.object({ page_id: id }),
  query: z.object({
    source_id: id.optional().meta({ description: "Where several sites have a page of this id" }),
    ...readerQuery,
  }),
  responses: { 200: fullPage },
  errors: ["page_not_found", "page_ambiguous", ...READER_ERRORS],
});
