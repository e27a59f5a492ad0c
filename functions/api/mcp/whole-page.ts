import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import {
  findStoredPages,
  readPageText,
  type PageFinder,
  type StoredPage,
} from "#shared/documents/stored-text.ts";
import { parseQualifiedId } from "#functions/api/responses/page-id.ts";
import { onlyPage } from "#functions/api/use-cases/only-page.ts";
import { permittedElsewhere, permittedReading } from "#functions/api/use-cases/permitted-reading.ts";
import type { ToolContext } from "./tool.ts";

const MAX_CANDIDATES = 100;
const MAX_TOKENS = 12_000;

/** The text of a page by its id or address, cut where it is longer than what a model reads at once. */
export async function readWholePage(
  named: { id: string } | { url: string },
  { services, caller, asked }: ToolContext,
): Promise<{ page: StoredPage; text: string }> {
  const found: Pick<PageFinder, "pageId" | "sourceId" | "url"> =
    "url" in named ? { url: named.url } : parseQualifiedId(named.id);
  const sources = found.sourceId === undefined ? null : [found.sourceId];
  const { readable } = await permittedReading({ caller, asked, sources }, services);
  const { readable: readableElsewhere } = await permittedElsewhere({ caller, asked }, services);
  const find = { ...found, readable, readableElsewhere };
  const { pages } = await findStoredPages(services.sql, find, MAX_CANDIDATES);
  const page = onlyPage(pages);
  const text = await readPageText(services.sql, { ...page, readable });
  return { page, text: cut(text) };
}

function cut(text: string): string {
  const tokens = estimateTokens(text);
  if (tokens <= MAX_TOKENS) return text;
  return text.slice(0, Math.floor((text.length * MAX_TOKENS) / tokens));
}
