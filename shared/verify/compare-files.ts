import type { ConfluenceClient, ListedFile } from "#shared/confluence/client.ts";
import { allFilesCql } from "#shared/confluence/cql.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { Difference } from "./difference.ts";

type StoredFile = {
  id: string;
  title: string;
  version: number;
  container_id: string;
  missing_since: Date | null;
  chunk_count: number;
  chunks: number;
};

/**
 * Lists the files of the source's space and compares their versions, names and pages with the index. `titleOf`: of the pages and
 * posts that were listed; the files of others wait for them. Only reads: nothing is downloaded. Throws what the client throws.
 */
export async function compareFiles(
  sql: Sql,
  client: ConfluenceClient,
  source: Source,
  titleOf: (containerId: string) => string | undefined,
): Promise<{ listed: number; differences: Difference[] }> {
  const listed = new Map<string, ListedFile>();
  const cql = allFilesCql(source.spaceKey);
  for await (const { files } of listToEnd((cursor) => client.searchContent(cql, cursor, ["attachment"])))
    for (const file of files)
      if (file.containerId !== null && titleOf(file.containerId) !== undefined) listed.set(file.id, file);
  const stored = await storedFiles(sql, source.sourceId);
  const differences = [...listed.values()].flatMap((file) => compare(file, stored.get(file.id)));
  for (const file of stored.values()) {
    if (listed.has(file.id) || file.missing_since) continue;
    differences.push(difference(file, "surplus", `version ${file.version}`, "not listed"));
  }
  return { listed: listed.size, differences };
}

function compare(file: ListedFile, stored: StoredFile | undefined): Difference[] {
  const site = `version ${file.version}`;
  if (!stored) return [difference(file, "missing", "nothing", site)];
  const found: Difference[] = [];
  const differs = (kind: Difference["kind"], index: string, onSite: string): void => {
    if (index !== onSite) found.push(difference(file, kind, index, onSite));
  };
  if (stored.missing_since) differs("hidden", `since ${stored.missing_since.toISOString()}`, "listed");
  differs("outdated", `version ${stored.version}`, site);
  differs("title", stored.title, file.title);
  differs("parent", stored.container_id, file.containerId ?? "");
  differs("chunk_count", `${stored.chunks} chunks`, `${stored.chunk_count} chunks`);
  return found;
}

function difference(
  { id, title }: { id: string; title: string },
  kind: Difference["kind"],
  index: string,
  site: string,
): Difference {
  return { content: "attachment", page_id: id, title, kind, index, site };
}

async function storedFiles(sql: Sql, sourceId: string): Promise<Map<string, StoredFile>> {
  const rows = await sql<StoredFile[]>`
    select d.page_id as id, d.title, d.version, d.container_id, d.missing_since, d.chunk_count, count(k.id)::int as chunks
    from confluence_pages d left join archon_crawled_pages k on k.source_id = d.source_id and k.page_id = d.page_id
    where d.source_id = ${sourceId} and d.kind = 'attachment' and not d.is_deleted and d.version > 0
    group by d.source_id, d.page_id`;
  return new Map(rows.map((row) => [row.id, row]));
}
