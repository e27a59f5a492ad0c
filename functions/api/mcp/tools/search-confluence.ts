import type { z } from "zod";
import type { chunkHit } from "#functions/api/responses/hit-json.ts";
import { runLoggedSearch } from "#functions/api/use-cases/run-search.ts";
import { excerpt } from "#functions/api/mcp/text/excerpt.ts";
import {
  cleanAddress,
  cleanLine,
  cleanText,
  newMarker,
  passage,
  pathTitles,
  preface,
} from "#functions/api/mcp/text/passage.ts";
import { budgetTokens, shareBudget } from "#functions/api/mcp/text/token-budget.ts";
import { defineTool, type ToolContext } from "#functions/api/mcp/tool.ts";
import { searchWarnings } from "#functions/api/mcp/warnings.ts";
import { findSources } from "./find-sources.ts";
import { searchInput, searchOutput, type SearchedPassage } from "./search-fields.ts";

/** Tokens of a response. */
const BUDGETS = { concise: 1500, full: 6000 } as const;
/** Of what is said around the passages. */
const AROUND_TOKENS = 150;
/** A shorter text says too little: rather a passage less. */
const LEAST_TEXT_TOKENS = 30;

type Hit = ReturnType<typeof chunkHit>;
type Arguments = z.output<typeof searchInput>;

/** Finds the passages that answer a question, each with what is needed to cite it. */
export const searchConfluence = defineTool({
  name: "search_confluence",
  title: "Search Confluence",
  description:
    "Finds passages of Confluence pages, blog posts, comments and files, by meaning and by words at once: ask the question as it is, or name what you look for. Each passage has its title, breadcrumb, section, date and URL. To read more of a page, give its URL to read_confluence_page.",
  input: searchInput,
  output: searchOutput,
  async run(args, context) {
    const found = await search(args, context);
    const results = fit(found.hits, BUDGETS[args.detail]);
    const structured = {
      results,
      total_found: found.total_found,
      searched_instead: found.corrected_query === null ? null : cleanLine(found.corrected_query),
      warnings: searchWarnings(found),
    };
    const marker = newMarker(context.services.newId);
    const { mode, account_id } = found.permissions;
    return {
      structured,
      text: textOf(structured, args, marker),
      log: { results: results.length, permissions: mode, account_id },
    };
  },
});

async function search(args: Arguments, context: ToolContext) {
  const { services, caller, asked } = context;
  const sources = args.space === undefined ? null : await findSources(args.space, context);
  const request = {
    ...asked,
    caller,
    query: args.query,
    match_count: args.limit,
    return_mode: "chunks" as const,
    ...(args.label === undefined ? {} : { labels: [args.label] }),
    ...(args.kind === undefined ? {} : { kinds: [args.kind] }),
    ...(args.updated_since === undefined
      ? {}
      : { updated_since: new Date(args.updated_since).toISOString() }),
  };
  const { results, ...found } = await runLoggedSearch(request, sources, services);
  return { ...found, hits: results.flatMap((hit) => ("chunk_id" in hit ? [hit] : [])) };
}

/** As many of the hits as have room for some of their text, each with its share of the budget. */
function fit(hits: readonly Hit[], budget: number): SearchedPassage[] {
  const whole = hits.map((hit, index) => toPassage(hit, index + 1));
  for (let count = whole.length; count > 0; count--) {
    const shown = whole.slice(0, count);
    const heads = shown.map((one) => tokensOf({ ...one, text: "" }));
    const left = budget - AROUND_TOKENS - heads.reduce((sum, head) => sum + head, 0);
    if (count > 1 && left < count * LEAST_TEXT_TOKENS) continue;
    const needs = shown.map(({ text }) => budgetTokens(JSON.stringify(text)));
    const shares = shareBudget(needs, Math.max(left, LEAST_TEXT_TOKENS));
    return shown.map((one, index) => ({
      ...one,
      text: excerpt(one.text, hits[index]?.snippet ?? "", shares[index] ?? 0),
    }));
  }
  return [];
}

/** As text or as JSON, whichever the client shows to its model. */
function tokensOf(one: SearchedPassage): number {
  return Math.max(budgetTokens(JSON.stringify(one)), budgetTokens(quoted("00000000", one)));
}

function toPassage(hit: Hit, n: number): SearchedPassage {
  return {
    n,
    title: cleanLine(hit.title),
    breadcrumb: pathTitles(hit.ancestors.map(({ title }) => title)),
    heading: pathTitles(hit.heading_path),
    url: cleanAddress(hit.url),
    page_id: hit.page_id,
    kind: hit.kind,
    place: placeOf(hit),
    modified_at: hit.modified_at,
    text: cleanText(hit.content),
  };
}

function placeOf({ file, comment, parent }: Hit): string | null {
  if (comment) {
    const by = comment.authors.length === 0 ? "" : ` by ${comment.authors.join(", ")}`;
    return cleanLine(`comments${by}${comment.selection === null ? "" : ` on “${comment.selection}”`}`);
  }
  if (!file) return null;
  const place = [
    file.page === null ? null : `page ${file.page}`,
    file.slide === null ? null : `slide ${file.slide}`,
    file.sheet === null ? null : `sheet ${file.sheet}`,
    parent === null ? "a file" : `a file on ${parent.title}`,
  ];
  return cleanLine(place.filter((part) => part !== null).join(" of "));
}

function quoted(marker: string, { modified_at, place, ...one }: SearchedPassage): string {
  const modifiedAt = modified_at === null ? null : new Date(modified_at);
  return passage(marker, { ...one, modifiedAt, place: place ?? undefined });
}

function textOf(found: z.input<typeof searchOutput>, args: Arguments, marker: string): string {
  const { results, total_found: total, searched_instead: instead } = found;
  const isCut = results.some(({ text }) => text.startsWith("…") || text.endsWith("…"));
  const lines = [
    instead === null ? null : `No word of the query occurs. Searched for instead: ${JSON.stringify(instead)}`,
    ...found.warnings.map((warning) => `Warning: ${warning}.`),
    results.length === 0 ? nothing(args) : preface(marker),
    ...results.map((one) => `\n${quoted(marker, one)}`),
    results.length === 0
      ? null
      : `\n${results.length} of ${total} passages that match.${results.length < total ? " Others: a higher limit, or other words." : ""}${isCut ? ' "…" marks a cut: detail "full" shows more.' : ""}`,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function nothing(args: Arguments): string {
  const filters = (["space", "label", "kind", "updated_since"] as const).filter(
    (name) => args[name] !== undefined,
  );
  return filters.length === 0
    ? "Nothing matches. Try other words; list_confluence_spaces says what is indexed."
    : `Nothing matches. Try without ${filters.join(", ")}, or other words.`;
}
