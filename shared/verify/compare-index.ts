import type { ConfluenceClient, ListedPage } from "#shared/confluence/client.ts";
import { syncedKinds, syncedPageKinds, type ContentKind, type PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { compareComments } from "./compare-comments.ts";
import { compareContent } from "./compare-content.ts";
import { compareFiles } from "./compare-files.ts";
import type { Difference } from "./difference.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import { labelledPages } from "#shared/syncs/listing/list-labels.ts";
import { verifyAccount, verifySpace } from "#shared/syncs/listing/verify-site.ts";

type StoredPage = {
  kind: PageKind;
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
 * Lists what the source syncs of its space, and its labels, and compares each page, post, comment and file with the index; with `bodies`,
 * also compares the chunks of pages and posts with those a sync would make now (as many calls as a first sync). `listed`: how much of
 * each kind that the source syncs. Only reads. Throws what the client throws.
 */
export async function compareIndex(
  sql: Sql,
  client: ConfluenceClient,
  source: Source,
  options: { bodies: boolean; now: Date },
): Promise<{ listed: Partial<Record<ContentKind, number>>; differences: Difference[] }> {
  await verifyAccount(client, source);
  await verifySpace(client, source);
  const pages = await listSpace(client, source);
  const labels = await listLabels(client, source);
  const stored = await storedPages(sql, source.sourceId);
  const differences = [...pages.values()].flatMap((page) =>
    compare({ ...page, labels: labels.get(page.id) ?? [] }, stored.get(page.id)),
  );
  for (const page of stored.values()) {
    if (pages.has(page.page_id) || page.missing_since) continue;
    differences.push({
      content: page.kind,
      page_id: page.page_id,
      title: page.title,
      kind: "surplus",
      index: `version ${page.version}`,
      site: "not listed",
    });
  }
  if (options.bodies) {
    // The content of an outdated page differs anyway.
    const alike = [...pages.values()].filter((page) => stored.get(page.id)?.version === page.version);
    differences.push(...(await compareContent(sql, client, { source, pages: alike, now: options.now })));
  }
  const listed: Partial<Record<ContentKind, number>> = {};
  const titleOf = (id: string) => pages.get(id)?.title;
  for (const kind of syncedKinds(source.content)) {
    if (kind === "page" || kind === "blogpost") {
      listed[kind] = [...pages.values()].filter((page) => page.kind === kind).length;
      continue;
    }
    const compareKind = kind === "comments" ? compareComments : compareFiles;
    const compared = await compareKind(sql, client, source, titleOf);
    listed[kind] = compared.listed;
    differences.push(...compared.differences);
  }
  return { listed, differences };
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
          ofPages.set(id, [...new Set([...(ofPages.get(id) ?? []), label.name])]);
  }
  return ofPages;
}

async function storedPages(sql: Sql, sourceId: string): Promise<Map<string, StoredPage>> {
  const rows = await sql<StoredPage[]>`
    select p.kind, p.page_id, p.title, p.version, p.parent_id, p.url, p.labels, p.missing_since, p.chunk_count,
      count(c.id)::int as chunks
    from confluence_pages p left join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
    where p.source_id = ${sourceId} and not p.is_deleted and p.version > 0 and p.kind in ('page', 'blogpost')
    group by p.source_id, p.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

function compare(page: ListedPage, stored: StoredPage | undefined): Difference[] {
  const { id: page_id, title } = page;
  const of = { content: page.kind, page_id, title };
  if (!stored) return [{ ...of, kind: "missing", index: "nothing", site: `version ${page.version}` }];
  const found: Difference[] = [];
  const differs = (kind: Difference["kind"], index: string, site: string): void => {
    if (index !== site) found.push({ ...of, kind, index, site });
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
