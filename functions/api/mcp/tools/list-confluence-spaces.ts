import { z } from "zod";
import type { Permissions } from "#shared/access/readers/reader.ts";
import { findSpacesAfter, type SourceOverview } from "#shared/sources/source-overviews.ts";
import { spaceUrl } from "#functions/api/responses/knowledge-json.ts";
import { permittedElsewhere, readerOf } from "#functions/api/use-cases/permitted-reading.ts";
import { cursorText, cursorTime, pageOf, readCursor } from "#functions/runtime/cursor.ts";
import { cleanLine, newMarker, preface, quote } from "#functions/api/mcp/text/passage.ts";
import { defineTool, NAMES_NOBODY, type ToolContext } from "#functions/api/mcp/tool.ts";

/** Some 60 tokens each. */
const SPACES_AT_ONCE = 50;

const position = z.tuple([cursorTime, cursorText]);

const input = z.strictObject({
  contains: z
    .string()
    .max(255)
    .regex(/^[^\u0000]*$/, "must not contain U+0000")
    .optional()
    .describe("Only spaces whose key or name contains this; all unless set"),
  cursor: z
    .string()
    .max(1000)
    .optional()
    .describe("`next_cursor` of the previous response, for what follows"),
});

const space = z.object({
  key: z.string().describe("What `space` of search_confluence takes"),
  name: z.string(),
  url: z.string(),
  pages: z.int().describe("Pages and blog posts that can be found"),
  last_synced_at: z
    .string()
    .nullable()
    .describe("Changes in Confluence before then are in the index: ISO 8601; null: not synced yet"),
  warnings: z.array(z.string()).describe("What may be missing or out of date, and why"),
});

const output = z.object({
  spaces: z.array(space).describe("In the order in which they were added"),
  total: z.int().describe("Of all spaces that match"),
  next_cursor: z.string().nullable().describe("Pass it as `cursor`; null at the end"),
  warnings: z.array(z.string()).describe("What this list lacks"),
});

/** What is indexed, how much of it and how fresh it is. */
export const listConfluenceSpaces = defineTool({
  name: "list_confluence_spaces",
  title: "List Confluence spaces",
  description:
    "Lists the Confluence spaces that can be searched, with the number of pages, when each was last synced, and what may be missing. Use it to choose a space, or to say how fresh an answer is.",
  input,
  output,
  async run(args, context) {
    const { services, caller, asked } = context;
    const after = readCursor("spaces", position, args.cursor);
    const { readable, permissions } = await permittedElsewhere({ caller, asked }, services);
    const found = await findSpacesAfter(services.sql, {
      contains: args.contains ?? null,
      after: after && { createdAt: new Date(after[0]), sourceId: after[1] },
      limit: SPACES_AT_ONCE + 1,
      readable,
    });
    const page = pageOf("spaces", found.sources, SPACES_AT_ONCE, ({ createdAt, sourceId }) => [
      createdAt.toISOString(),
      sourceId,
    ]);
    const structured = {
      spaces: page.rows.map(toSpace),
      total: found.total,
      next_cursor: page.nextCursor,
      warnings: withheldWarnings(permissions, context),
    };
    return {
      structured,
      text: textOf(structured, newMarker(services.newId)),
      log: {
        results: structured.spaces.length,
        permissions: permissions.mode,
        account_id: permissions.accountId,
      },
    };
  },
});

function withheldWarnings({ mode, withheldSources }: Permissions, context: ToolContext): string[] {
  const { length: withheld } = withheldSources;
  if (withheld === 0) return [];
  const { caller, asked, services } = context;
  const reader = readerOf(caller, asked, services.env);
  const namesNobody = mode === "per_user" && reader.visibility === "own" && reader.person === null;
  const remedy = namesNobody ? `. It does not say for whom it reads: ${NAMES_NOBODY}` : "";
  return [
    `${withheld} spaces are not listed: it is not known, or not recently enough, what this connection may see of them${remedy}`,
  ];
}

function toSpace(source: SourceOverview): z.input<typeof space> {
  return {
    key: source.spaceKey,
    name: cleanLine(source.spaceName),
    url: spaceUrl(source),
    pages: source.pageCount,
    last_synced_at: source.metadata.last_sync_timestamp,
    warnings: warningsOf(source),
  };
}

function warningsOf(source: SourceOverview): string[] {
  const isSynced = source.metadata.last_sync_timestamp !== null;
  const failed = source.failedPageCount;
  const warnings = [
    isSynced ? null : "the first sync is not completed: pages are missing",
    source.status === "credentials_expired"
      ? "not synced any more: Confluence rejects its credentials"
      : null,
    source.status === "space_unavailable"
      ? "not synced any more: its account lost access to the space"
      : null,
    source.lastSync?.status === "failed" ? "the last sync failed: changes since then are missing" : null,
    failed > 0 ? `${failed} pages could not be updated` : null,
  ];
  return warnings.filter((warning) => warning !== null);
}

function textOf(found: z.input<typeof output>, marker: string): string {
  const lines = [
    ...found.warnings.map((warning) => `Warning: ${warning}.`),
    found.spaces.length === 0 ? "No space can be searched here, or none contains that." : preface(marker),
    found.spaces.length === 0 ? null : quote(marker, found.spaces.map(lineOf)),
    `${found.spaces.length} of ${found.total} spaces.`,
    found.next_cursor === null ? null : `More: cursor ${found.next_cursor}`,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function lineOf({ key, name, url, pages, last_synced_at, warnings }: z.input<typeof space>): string {
  const parts = [
    `${cleanLine(key)}: ${name}`,
    `pages: ${pages}`,
    last_synced_at === null ? "not synced yet" : `synced ${last_synced_at}`,
    url,
    ...warnings.map((warning) => `warning: ${warning}`),
  ];
  return `- ${parts.join(" | ")}`;
}
