import { labelledPagesCql } from "#shared/confluence/cql.ts";
import type { ConfluenceLabel } from "#shared/confluence/client.ts";
import type { PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { listToEnd } from "./follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Up to this many labels are listed one by one: that is exact to the second, and a search would hardly save a call. */
const FEW_LABELS = 25;
/** Characters of label names in one query: proxies on the way refuse URLs of 8,000 characters. */
const QUERY_CHARACTERS = 1500;
/** Pages that one search response holds. */
const SEARCH_LIMIT = 250;
/** More calls than this do not fit into one step: then each label is listed, in a step of its own. */
const MOST_SEARCHES = 60;

/**
 * Returns the labels whose content of this kind must be listed: those for which Confluence's search returns other pages than the index has. The
 * search only says where to look, because it may lag or be truncated; what is stored comes from listing a label's pages. Returns
 * all labels where there are few, or where searching saves little. A change that the search does not show yet (its index is
 * minutes behind) is found by the next full listing.
 */
export async function changedLabels(
  context: StepContext,
  kind: PageKind,
  labels: readonly ConfluenceLabel[],
): Promise<readonly ConfluenceLabel[]> {
  // Few blog posts have labels, and most labels are of pages only.
  if (labels.length === 0 || (kind === "page" && labels.length <= FEW_LABELS)) return labels;
  const { client, source, services } = context;
  const stored = await storedLabels(services.sql, source.sourceId, kind);
  const groups = groupsByLength(labels.map((label) => label.name));
  const labelled = new Set([...stored.values()].flatMap((pages) => [...pages])).size;
  const searches = groups.length + Math.ceil(labelled / SEARCH_LIMIT);
  if (searches > MOST_SEARCHES || (searches > 1 && searches > labels.length / 2)) return labels;
  const found = new Map<string, Set<string>>();
  for (const names of groups) {
    const cql = labelledPagesCql(source.spaceKey, names, [kind]);
    for await (const { pages } of listToEnd((cursor) => client.searchContent(cql, cursor, [kind]))) {
      for (const page of pages)
        for (const name of page.labels ?? []) found.set(name, (found.get(name) ?? new Set()).add(page.id));
    }
  }
  return labels.filter(({ name }) => {
    const index = stored.get(name) ?? new Set();
    const site = found.get(name) ?? new Set();
    return index.size !== site.size || ![...index].every((id) => site.has(id));
  });
}

function groupsByLength(names: readonly string[]): string[][] {
  const groups: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const name of names) {
    if (length + name.length > QUERY_CHARACTERS) {
      groups.push([]);
      length = 0;
    }
    groups.at(-1)?.push(name);
    length += name.length;
  }
  return groups;
}

async function storedLabels(sql: Sql, sourceId: string, kind: PageKind): Promise<Map<string, Set<string>>> {
  const rows = await sql<{ label: string; ids: string[] }[]>`
    select label, array_agg(page_id) as ids
    from confluence_pages p, unnest(labels) as label
    where source_id = ${sourceId} and kind = ${kind} and is_visible(p)
    group by label`;
  return new Map(rows.map(({ label, ids }) => [label, new Set(ids)]));
}
