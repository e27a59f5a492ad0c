import type { ConfluenceClient, ListedPage } from "#shared/confluence/client.ts";
import { syncedPageKinds } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { compareContent } from "./compare-content.ts";
import type { Difference } from "./difference.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import { labelledPages } from "#shared/syncs/listing/list-labels.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";

type StoredPage = {
  page_id: string;
  title: string;
  version: number;
  parent_id: string | null;
  url: string;
  labels: string[];
  missing_since: Date | null;
  chunk_count: number;
  chunks: number;
};

/**
 * Lists the source's space and its labels and compares each page with the index; with `bodies`, also compares its chunks with
 * those a sync would make now (as many calls as a first sync). Only reads. Throws what the client throws.
 */
export async function compareIndex(
  sql: Sql,
  client: ConfluenceClient,
  source: Source,
  options: { bodies: boolean; now: Date },
): Promise<{ pages: number; differences: Difference[] }> {
  await verifyAccount(client, source);
  await verifySpace(client, source);
  const listed = await listSpace(client, source);
  const labels = await listLabels(client, source);
  const stored = await storedPages(sql, source.sourceId);
  const differences = [...listed.values()].flatMap((page) =>
    compare({ ...page, labels: labels.get(page.id) ?? [] }, stored.get(page.id)),
  );
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
  if (options.bodies) {
    // The content of an outdated page differs anyway.
    const alike = [...listed.values()].filter((page) => stored.get(page.id)?.version === page.version);
    differences.push(...(await compareContent(sql, client, { source, pages: alike, now: options.now })));
  }
  return { pages: listed.size, differences };
}

async function listSpace(
  client: ConfluenceClient,
  { spaceId, content }: Source,
): Promise<Map<string, ListedPage>> {
  const pages = new Map<string, ListedPage>();
  for (const kind of syncedPageKinds(content))
    for await (const listed of listToEnd((cursor) => client.listPages(kind, spaceId, cursor)))
      for (const page of listed.pages) if (page.status === "current") pages.set(page.id, page);
  return pages;
}

async function listLabels(client: ConfluenceClient, source: Source): Promise<Map<string, string[]>> {
  const ofPages = new Map<string, string[]>();
  for await (const { labels } of listToEnd((cursor) => client.spaceLabels(source.spaceId, cursor))) {
    for (const label of labels)
      for (const kind of syncedPageKinds(source.content))
        for (const id of await labelledPages(client, source.spaceId, label.id, kind))
          ofPages.set(id, [...(ofPages.get(id) ?? []), label.name]);
  }
  return ofPages;
}

async function storedPages(sql: Sql, sourceId: string): Promise<Map<string, StoredPage>> {
  const rows = await sql<StoredPage[]>`
    select p.page_id, p.title, p.version, p.parent_id, p.url, p.labels, p.missing_since, p.chunk_count,
      count(c.id)::int as chunks
    from confluence_pages p left join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
    where p.source_id = ${sourceId} and not p.is_deleted and p.version > 0 and p.kind in ('page', 'blogpost')
    group by p.source_id, p.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

function compare(page: ListedPage, stored: StoredPage | undefined): Difference[] {
  const { id: page_id, title } = page;
  if (!stored)
    return [{ page_id, title, kind: "missing", index: "nothing", site: `version ${page.version}` }];
  const found: Difference[] = [];
  const differs = (kind: Difference["kind"], index: string, site: string): void => {
    if (index !== site) found.push({ page_id, title, kind, index, site });
  };
  const isCurrent = stored.version === page.version;
  if (stored.missing_since) differs("hidden", `since ${stored.missing_since.toISOString()}`, "listed");
  differs("outdated", `version ${stored.version}`, `version ${page.version}`);
  if (isCurrent) differs("title", stored.title, page.title);
  differs("parent", stored.parent_id ?? "top", page.parentId ?? "top");
  if (isCurrent) differs("url", stored.url, page.url);
  differs("labels", stored.labels.toSorted().join(", "), (page.labels ?? []).toSorted().join(", "));
  if (stored.chunks === 0) differs("without_chunks", "no chunks", `version ${page.version}`);
  else differs("chunk_count", `${stored.chunks} chunks`, `${stored.chunk_count} chunks`);
  return found;
}
