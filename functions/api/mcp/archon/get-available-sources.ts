import { z } from "zod";
import { listSearchableSources } from "#functions/api/use-cases/list-searchable-sources.ts";
import { cleanLine } from "#functions/api/mcp/text/passage.ts";
import { defineTool } from "#functions/api/mcp/tool.ts";
import { withheldWarnings } from "#functions/api/mcp/warnings.ts";
import { archonResult, outcome, warnings } from "./result.ts";

/** Some 150 tokens each. */
const MAX_SOURCES = 50;

const source = z.object({
  source_id: z.string().describe("Pass it to the other tools"),
  title: z.string(),
  summary: z.string().describe("What it is about, or the name of its space"),
  metadata: z.object({
    knowledge_type: z.string(),
    tags: z.array(z.string()),
    source_type: z.literal("confluence"),
    original_url: z.string().describe("Of the space"),
    space_key: z.string(),
    last_sync_timestamp: z.string().nullable().describe("State of Confluence that it shows"),
  }),
  total_words: z.int(),
  update_frequency: z.number().nullable().describe("Days, where a client has set it"),
  created_at: z.string(),
  updated_at: z.string(),
});

const output = z.object({
  ...outcome,
  sources: z.array(source).describe(`At most ${MAX_SOURCES}, oldest first`),
  count: z.int().describe("Number of sources that can be searched, returned or not"),
  warnings,
});

export const getAvailableSources = defineTool({
  name: "rag_get_available_sources",
  title: "List the sources",
  description:
    "Lists the Confluence spaces that can be searched. A source_id limits rag_search_knowledge_base and rag_search_code_examples to one space, and rag_list_pages_for_source lists its pages.",
  input: z.object({}),
  output,
  run: async (_, { services, caller, asked }) =>
    archonResult<z.input<typeof output>>({ sources: [], count: 0, warnings: [] }, async () => {
      const { permitted, ...found } = await listSearchableSources(
        { caller, asked, limit: MAX_SOURCES },
        services,
      );
      const { mode, accountId, withheldSources } = permitted.permissions;
      const result = {
        sources: found.sources.map((one) =>
          source.parse({
            ...one,
            title: cleanLine(one.title),
            summary: cleanLine(one.summary),
            metadata: { ...one.metadata, tags: one.metadata.tags.map((tag) => cleanLine(tag)) },
          }),
        ),
        count: found.total,
        warnings: withheldWarnings(withheldSources),
      };
      const results = result.sources.length;
      return { result, log: { results, permissions: mode, account_id: accountId } };
    }),
});
