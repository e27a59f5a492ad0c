import type { ConfluenceClient, ContentPage } from "#shared/confluence/client.ts";
import { changedOnSiteCql } from "#shared/confluence/cql.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import { changesSince } from "#shared/syncs/listing/watermark.ts";
import type { NewsItem } from "./hits.ts";
import type { PulsedSite } from "./pulsed-sites.ts";

/** Of the five calls of a pulse the account and the count take two. An idle site needs one search, whatever its spaces. */
const MAX_SEARCHES = 3;

export type News = {
  /** When the pulse began, by Confluence's clock. */
  startedAt: Date;
  pages: NewsItem[];
  /** More changed than was read. */
  overflow: boolean;
  /** Fewer pages were listed than Confluence counted: the search was truncated, or its index lags. */
  incomplete: boolean;
};

/**
 * What changed in all spaces of the site since its last pulse, by the literal, zone and overlap of a sync. Throws as the client does,
 * and when the account is not the site's: for another account, or none, Confluence returns what that one may see.
 */
export async function searchNews(client: ConfluenceClient, site: PulsedSite, now: Date): Promise<News> {
  const user = await verifyAccount(client, site);
  const startedAt = client.serverTime() ?? now;
  const cql = changedOnSiteCql(changesSince(site.pulseSince ?? startedAt), user.timeZone, site.kinds);
  const expected = (await client.countPages(cql)) ?? 0;
  const pages: NewsItem[] = [];
  let unreadable = 0;
  let cursor: string | null = null;
  for (let searches = 0; searches < MAX_SEARCHES; searches += 1) {
    const listed: ContentPage = await client.searchContent(cql, cursor, []);
    pages.push(
      ...listed.pages,
      ...listed.comments.map((comment) => ({ ...comment, kind: "comments" as const })),
      ...listed.files.map((file) => ({ ...file, kind: "attachment" as const })),
    );
    unreadable += listed.skipped;
    cursor = listed.next;
    if (cursor === null) break;
  }
  const overflow = cursor !== null;
  // Hits that could not be read were listed: the sync of their space reports them.
  const isShort = pages.length + unreadable < expected;
  return { startedAt, pages, overflow, incomplete: !overflow && isShort };
}
