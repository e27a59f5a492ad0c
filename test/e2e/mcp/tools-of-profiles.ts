import { z } from "zod";
import type { Tools } from "./agent.ts";

/** Some pages of the sample are as long as two questions may cost. */
const READ_TOKENS = 1500;

const found = z.object({ results: z.array(z.object({ page_id: z.string() })) });
const listed = z.object({ results: z.array(z.object({ id: z.string() })) });

const each = (ids: readonly string[]) => [...new Set(ids)];

/** How an agent searches and reads in each profile. */
export const TOOLS: Record<string, Tools> = {
  "/mcp": {
    search: ({ question: query, filters }) => ({
      name: "search_confluence",
      arguments: { query, ...filters },
    }),
    reads: (structured) =>
      each(found.parse(structured).results.map(({ page_id: page }) => page)).map((page) => ({
        name: "read_confluence_page",
        arguments: { page, max_tokens: READ_TOKENS },
      })),
  },
  "/mcp/chatgpt": {
    search: ({ question: query }) => ({ name: "search", arguments: { query } }),
    reads: (structured) =>
      listed.parse(structured).results.map(({ id }) => ({ name: "fetch", arguments: { id } })),
  },
  "/mcp/archon": {
    search: ({ question: query }) => ({
      name: "rag_search_knowledge_base",
      arguments: { query, match_count: 5 },
    }),
    reads: (structured) =>
      each(found.parse(structured).results.map(({ page_id: id }) => id)).map((page_id) => ({
        name: "rag_read_full_page",
        arguments: { page_id },
      })),
  },
};
