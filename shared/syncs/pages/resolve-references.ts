import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { nameOf } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { findKnownPages, findPageIds } from "#shared/documents/page-ids.ts";
import { linkedPage } from "#shared/markdown/old-links.ts";
import type { NamedPage, ReferenceResolver } from "#shared/markdown/page-content.ts";
import { webBaseOfSource, type Source } from "#shared/sources/source.ts";
import type { OptionalCalls } from "#shared/syncs/optional-calls.ts";
import type { CompletePage } from "./confluence-processor.ts";

/** Display names rarely change; an outdated one for an hour is harmless. */
const NAME_LIFETIME_MS = 60 * 60_000;
/** Accounts kept in memory; above this number the cache is emptied. */
const MAX_NAMES = 10_000;

export type UserNameCache = Map<string, { name: string | null; until: number }>;

type NameContext = { client: ConfluenceClient; calls: OptionalCalls; names: UserNameCache; now: Date };

/**
 * Looks up what a page refers to: people, in one call for those not known yet, and linked pages among those fetched with it and in
 * the index (storage links name pages by title). What is not found remains readable text.
 */
export async function resolveReferences(
  { page, content }: { page: Pick<ConfluencePage, "id" | "title" | "url">; content: CompletePage["content"] },
  context: NameContext & { sql: Sql; source: Source; fetchedIds: ReadonlyMap<string, string> },
): Promise<ReferenceResolver> {
  const { source, names } = context;
  await lookUpNames(content.references.accountIds, context);
  const { pages, pageIds } = content.references;
  const ids = await findPageIds(context.sql, source.sourceId, pages);
  const known = await findKnownPages(context.sql, source.sourceId, pageIds);
  const site = { webBase: context.client.webBase() ?? webBaseOfSource(source), apiBase: source.apiBase };
  const inSpace = (spaceKey: string | null) => spaceKey === null || spaceKey === source.spaceKey;
  const urlOf = (id: string) =>
    `${site.webBase}/spaces/${encodeURIComponent(source.spaceKey)}/pages/${encodeURIComponent(id)}`;
  const idOf = (named: NamedPage, spaceKey: string | null) =>
    inSpace(spaceKey) ? (context.fetchedIds.get(nameOf(named)) ?? ids.get(nameOf(named))) : undefined;
  /** Replaces a URL of the site in an old form by that of the page it leads to. */
  const byId = (url: string): string => {
    const linked = url.startsWith(`${site.webBase}/`) ? linkedPage(url) : null;
    if (!linked) return url;
    const id = "id" in linked ? linked.id : idOf({ kind: "page", title: linked.title }, linked.spaceKey);
    if (id === undefined || ("id" in linked && !known.has(id))) return url;
    return urlOf(id) + (url.includes("#") ? url.slice(url.indexOf("#")) : "");
  };
  return {
    pageUrl: ({ spaceKey, anchor, ...named }) => {
      const id = idOf(named, spaceKey);
      if (id === undefined) return null;
      return anchor ? `${urlOf(id)}#${encodeURIComponent(anchor)}` : urlOf(id);
    },
    attachmentUrl: ({ fileName, pageTitle, spaceKey }) =>
      pageTitle === null || (pageTitle === page.title && inSpace(spaceKey))
        ? `${site.webBase}/download/attachments/${encodeURIComponent(page.id)}/${encodeURIComponent(fileName)}`
        : null,
    userName: (accountId) => names.get(accountId)?.name ?? null,
    absoluteUrl: (href) => byId(absoluteUrl(href, site, page.url)),
  };
}

/**
 * Looks up, in one call for a whole batch, the people whom its storage bodies mention. Finds them by the attribute's text alone;
 * `resolveReferences` looks up those that this misses (rendered bodies name others).
 */
export async function lookUpMentioned(pages: readonly ConfluencePage[], context: NameContext): Promise<void> {
  const mentioned = pages.flatMap((page) =>
    [...(page.body?.value ?? "").matchAll(/ri:account-id="([^"&<>]+)"/g)].map((match) => match[1] ?? ""),
  );
  await lookUpNames([...new Set(mentioned)], context);
}

/** People that are not found have no name, also when the account may not look people up: the page matters more than a name. */
async function lookUpNames(accountIds: readonly string[], context: NameContext): Promise<void> {
  const { names, now } = context;
  const wanted = accountIds.filter((id) => (names.get(id)?.until ?? 0) < now.getTime());
  if (wanted.length === 0) return;
  if (names.size > MAX_NAMES) names.clear();
  const attempt = await context.calls.attempt("names", () => context.client.userNames(wanted));
  // Not cached: another source's token may see them.
  if (!attempt.ok) return;
  for (const id of wanted)
    names.set(id, { name: attempt.value.get(id) ?? null, until: now.getTime() + NAME_LIFETIME_MS });
}

/** The address at which people read a site, with `/wiki`, and the one requests go to: the site, or Atlassian's gateway to it. */
export type SiteAddresses = { webBase: string; apiBase: string };

/**
 * Resolves a link of a page as Confluence's own page does: paths of the site (with or without `/wiki`), relative URLs, fragments;
 * never to the gateway, which no person can open. Text that is not a URL is returned unchanged.
 */
export function absoluteUrl(href: string, { webBase, apiBase }: SiteAddresses, pageUrl: string): string {
  if (href.startsWith("#")) return `${pageUrl}${href}`;
  if (href.startsWith("//")) return `https:${href}`;
  if (href.startsWith("/")) return `${webBase}${href.replace(/^\/wiki(?=[/?#]|$)/, "")}`;
  if (href.startsWith(`${apiBase}/wiki/`)) return `${webBase}${href.slice(`${apiBase}/wiki`.length)}`;
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return href;
  return URL.parse(href, pageUrl)?.href ?? href;
}
