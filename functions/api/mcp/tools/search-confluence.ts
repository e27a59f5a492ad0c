import { z } from "zod";
import { runLoggedSearch } from "#functions/api/use-cases/run-search.ts";
import { defineTool } from "#functions/api/mcp/tool.ts";

const DEFAULT_LIMIT = 5;
const MAX_LIMIT = 10;

/** Finds the passages that answer a question. */
export const searchConfluence = defineTool({
  name: "search_confluence",
  title: "Search Confluence",
  description:
    "Finds passages of Confluence pages, blog posts, comments and files by meaning and by words. Ask in whole sentences or in keywords.",
  input: z.strictObject({
    query: z.string().trim().min(1).max(4000).describe("What to look for: a question, keywords or a name"),
    limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe("Passages at most"),
  }),
  output: z.object({
    results: z
      .array(
        z.object({
          n: z.int().describe("Number to cite it by"),
          title: z.string().describe("Of the page"),
          url: z.string().describe("To cite and to open"),
          page_id: z.string().describe("Of the page"),
          text: z.string().describe("The passage, as Markdown"),
        }),
      )
      .describe("Best first"),
  }),
  async run({ query, limit }, { services, caller, asked }) {
    const request = { query, caller, ...asked, match_count: limit, return_mode: "chunks" as const };
    const { results: hits } = await runLoggedSearch(request, null, services);
    const results = hits.map((hit, index) => ({
      n: index + 1,
      title: hit.title,
      url: hit.url,
      page_id: hit.page_id,
      text: "content" in hit ? hit.content : "",
    }));
    return { structured: { results }, text: JSON.stringify(results), log: { results: results.length } };
  },
});
