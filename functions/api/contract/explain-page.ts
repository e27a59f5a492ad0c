import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { PAGE_STATUSES } from "#shared/documents/pages-of-source.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, READER_ERRORS, text } from "./fields.ts";
import { searched } from "./search.ts";
import { scoreParts } from "./search-hits.ts";

/** Why a search shows a page or does not, and what to do about it. */
const verdicts = {
  shown: "the search returns the page",
  below_match_count:
    "the page matches, and others match better: ask for more results or use words of the page",
  not_candidate: "neither its meaning nor its words are near enough to the query to be ranked",
  copy_of: "another page with the same content takes its place and names it in `also_on`: see `copy_of`",
  filtered: "a filter of the search leaves the page out: see `filter`",
  not_readable:
    "the page is not shown to whom the search is for: GET /api/access/explain says which restriction decides",
  pending: "no version of the page is stored yet: the next sync stores it",
  failed: "the page could not be stored: GET …/pages?status=failed has the reason",
  deleted: "the page is deleted in the index, because Confluence said that it is gone",
  hidden: "Confluence does not show the page to the syncing account: restore its permissions",
  not_in_index: "no source has a page of this id: connect its space, or start a full sync",
} as const;

export type Verdict = keyof typeof verdicts;

export const VERDICTS: Record<Verdict, string> = verdicts;

export const explainPage = contract({
  id: "explainPage",
  method: "POST",
  paths: ["/api/rag/explain"],
  scope: "sources:read",
  tag: "Search",
  summary: "Why a search shows a page, or does not",
  description:
    "Runs the search of `POST /api/rag/query` (`return_mode` `chunks`) and looks for one page in it. For operators who may search as well (scope `search`): title and state of the page are told whoever the search is for; what it says (`hit`, `words_missing`) only if the search may show it to that person. Ranks below the results are from a second, deeper search, before any reranking.",
  body: z
    .strictObject({
      ...searched,
      page_id: text(256).regex(/\S/, "must not be blank").meta({
        description:
          "Of a page, blog post, file or document of comments; `SOURCE_ID~ID` as searches return it",
      }),
      source_id: id.optional().meta({ description: "Needed where several sources have the page" }),
    })
    .meta({ id: "ExplainPageRequest" }),
  responses: {
    200: z
      .object({
        verdict: z.enum(Object.keys(verdicts) as [Verdict]),
        message: z.string(),
        page: z
          .object({
            source_id: id,
            page_id: z.string(),
            title: z.string(),
            url: z.string(),
            kind: z.enum(CONTENT_KINDS),
            status: z.enum(PAGE_STATUSES),
          })
          .nullable(),
        filter: z
          .enum(["source", "space", "labels", "updated_since", "kinds"])
          .nullable()
          .meta({ description: "Of `filtered`: the first filter that the page does not meet" }),
        copy_of: z.object({ page_id: z.string(), title: z.string() }).nullable(),
        rank: z
          .int()
          .nullable()
          .meta({ description: "Of its best chunk among chunks of distinct content, from 1" }),
        returned: z.int().meta({ description: "How many results the search returns" }),
        candidates_at_most: z
          .int()
          .nullable()
          .meta({ description: "Chunks that each retriever was asked for; null: it did not come to that" }),
        hit: scoreParts.extend({ heading_path: z.array(z.string()) }).nullable(),
        last_returned: z
          .object({ title: z.string(), score: z.number() })
          .nullable()
          .meta({ description: "The result that the page would have to be better than" }),
        words_missing: z
          .array(z.string())
          .meta({ description: "Words of the query that the page does not contain" }),
      })
      .meta({ id: "PageExplanation" }),
  },
  errors: ["empty_query", "page_ambiguous", "embedding_unavailable", "rights_changing", ...READER_ERRORS],
  examples: {
    request: { query: "How do I rotate the signing key?", page_id: "123456789" },
  },
});
