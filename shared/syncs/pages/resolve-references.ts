import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import { findPageUrls } from "#shared/documents/page-urls.ts";
import { PermanentError } from "#shared/errors.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { CompletePage } from "./confluence-processor.ts";

/** Display names change seldom; a wrong one for an hour harms nobody. */
const NAME_LIFETIME_MS = 60 * 60_000;
/** Accounts kept in memory; beyond it the cache starts anew. */
const MAX_NAMES = 10_000;

/** What Confluence answers when the token lacks the right (or the scope) to see people. */
const NAMES_REFUSED = new Set(["forbidden", "not_found", "request_refused"]);

export type UserNameCache = Map<string, { name: string | null; until: number }>;

/**
 * Looks up what a page refers to: people in one call for those not known yet, linked pages in the index (storage links name
 * pages by title). What is not found stays readable text.
 */
export async function resolveReferences(
  { page, content }: CompletePage,
  context: { sql: Sql; client: ConfluenceClient; source: Source; names: UserNameCache; now: Date },
): Promise<ReferenceResolver> {
  const { source, names } = context;
  await lookUpNames(content.references.accountIds, context);
  const urls = await findPageUrls(context.sql, source.sourceId, content.references.pageTitles);
  const site = `${source.baseUrl}/wiki`;
  return {
    pageUrl: ({ title, spaceKey, anchor }) => {
      if (spaceKey !== null && spaceKey !== source.spaceKey) return null;
      const url = urls.get(title);
      if (!url) return null;
      return anchor ? `${url}#${encodeURIComponent(anchor)}` : url;
    },
    attachmentUrl: ({ fileName, pageTitle }) =>
      pageTitle === null || pageTitle === page.title
        ? `${site}/download/attachments/${encodeURIComponent(page.id)}/${encodeURIComponent(fileName)}`
        : null,
    userName: (accountId) => names.get(accountId)?.name ?? null,
    absoluteUrl: (href) => absoluteUrl(href, source.baseUrl, page.url),
  };
}

/**
 * Looks up, in one call for a whole batch, the people whom its bodies as stored mention. Found by their attribute's text alone:
 * whom this misses (rendered bodies name others), `resolveReferences` asks for.
 */
export async function lookUpMentioned(
  pages: readonly ConfluencePage[],
  context: { client: ConfluenceClient; names: UserNameCache; now: Date },
): Promise<void> {
  const mentioned = pages.flatMap((page) =>
    [...(page.body?.value ?? "").matchAll(/ri:account-id="([^"&<>]+)"/g)].map((match) => match[1] ?? ""),
  );
  await lookUpNames([...new Set(mentioned)], context);
}

/** Whoever is not found has no name, also when the account may not look people up at all: the page is worth more than a name. */
async function lookUpNames(
  accountIds: readonly string[],
  context: { client: ConfluenceClient; names: UserNameCache; now: Date },
): Promise<void> {
  const { names, now } = context;
  const wanted = accountIds.filter((id) => (names.get(id)?.until ?? 0) < now.getTime());
  if (wanted.length === 0) return;
  if (names.size > MAX_NAMES) names.clear();
  const found = await context.client.userNames(wanted).catch((error: unknown) => {
    if (error instanceof PermanentError && NAMES_REFUSED.has(error.code)) return new Map<string, string>();
    throw error;
  });
  for (const id of wanted)
    names.set(id, { name: found.get(id) ?? null, until: now.getTime() + NAME_LIFETIME_MS });
}

/**
 * Where a link of a page leads, as Confluence's own page would take it: paths of the site (with or without `/wiki`), addresses
 * beside the page, places on it. What is no address stays as it is written.
 */
export function absoluteUrl(href: string, baseUrl: string, pageUrl: string): string {
  if (href.startsWith("#")) return `${pageUrl}${href}`;
  if (href.startsWith("//")) return `https:${href}`;
  if (href.startsWith("/")) return href.startsWith("/wiki/") ? `${baseUrl}${href}` : `${baseUrl}/wiki${href}`;
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return href;
  return URL.parse(href, pageUrl)?.href ?? href;
}
