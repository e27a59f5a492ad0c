import type { ConfluenceClient, ListedPage } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { rememberCursor } from "./follow-cursor.ts";
import { verifyAccount, verifySpace } from "./verify-site.ts";

/** One way in which the index is not what the site shows. */
export type Difference = {
  page_id: string;
  title: string;
  kind: "missing" | "outdated" | "title" | "parent" | "surplus" | "hidden" | "without_chunks" | "chunk_count";
  index: string;
  site: string;
};

type StoredPage = {
  page_id: string;
  title: string;
  version: number;
  parent_id: string | null;
  missing_since: Date | null;
  chunk_count: number;
  chunks: number;
};

/** Lists the source's space and compares each page with the index; reads only. Throws what the client throws. */
export async function compareIndex(
  sql: Sql,
  client: ConfluenceClient,
  source: Source,
): Promise<{ pages: number; differences: Difference[] }> {
  await verifyAccount(client, source);
  await verifySpace(client, source);
  const listed = await listSpace(client, source.spaceId);
  const stored = await storedPages(sql, source.sourceId);
  const differences = [...listed.values()].flatMap((page) => compare(page, stored.get(page.id)));
  for (const page of stored.values()) {
    if (listed.has(page.page_id) || page.missing_since) continue;
    differences.push({
      page_id: page.page_id,
      title: page.title,
      kind: "surplus",
      index: `version ${page.version}`,
      site: "not listed",
    });
  }
  return { pages: listed.size, differences };
}

async function listSpace(client: ConfluenceClient, spaceId: string): Promise<Map<string, ListedPage>> {
  const pages = new Map<string, ListedPage>();
  let place: { cursor: string | null; recent_cursors: string[] } = { cursor: null, recent_cursors: [] };
  for (;;) {
    const listed = await client.listPages(spaceId, place.cursor);
    for (const page of listed.pages) if (page.status === "current") pages.set(page.id, page);
    if (listed.next === null) return pages;
    place = rememberCursor(place, listed.next);
  }
}

async function storedPages(sql: Sql, sourceId: string): Promise<Map<string, StoredPage>> {
  const rows = await sql<StoredPage[]>`
    select p.page_id, p.title, p.version, p.parent_id, p.missing_since, p.chunk_count, count(c.id)::int as chunks
    from confluence_pages p left join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
    where p.source_id = ${sourceId} and not p.is_deleted and p.version > 0
    group by p.source_id, p.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

function compare(page: ListedPage, stored: StoredPage | undefined): Difference[] {
  const difference = (kind: Difference["kind"], index: string, site: string): Difference => ({
    page_id: page.id,
    title: page.title,
    kind,
    index,
    site,
  });
  if (!stored) return [difference("missing", "nothing", `version ${page.version}`)];
  const found: Difference[] = [];
  if (stored.missing_since)
    found.push(difference("hidden", `since ${stored.missing_since.toISOString()}`, "listed"));
  if (stored.version !== page.version)
    found.push(difference("outdated", `version ${stored.version}`, `version ${page.version}`));
  else if (stored.title !== page.title) found.push(difference("title", stored.title, page.title));
  if (stored.parent_id !== page.parentId)
    found.push(difference("parent", stored.parent_id ?? "top", page.parentId ?? "top"));
  if (stored.chunks === 0) found.push(difference("without_chunks", "no chunks", `version ${page.version}`));
  else if (stored.chunks !== stored.chunk_count)
    found.push(difference("chunk_count", `${stored.chunks} chunks`, `${stored.chunk_count} noted`));
  return found;
}
