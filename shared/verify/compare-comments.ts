import type { ConfluenceClient, ListedComment } from "#shared/confluence/client.ts";
import { allCommentsCql } from "#shared/confluence/cql.ts";
import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { Difference } from "./difference.ts";

type StoredComment = {
  id: string;
  title: string;
  version: number;
  resolution: string | null;
  missing_since: Date | null;
};

/**
 * Lists the comments of the source's space, without bodies, and compares their versions and states with the index. `titleOf`: of
 * the pages and posts that were listed; the comments of others may be stored and need not be. Only reads. Throws what the client throws.
 */
export async function compareComments(
  sql: Sql,
  client: ConfluenceClient,
  source: Source,
  titleOf: (containerId: string) => string | undefined,
): Promise<{ listed: number; differences: Difference[] }> {
  const listed = new Map<string, ListedComment>();
  const cql = allCommentsCql(source.spaceKey);
  for await (const { comments } of listToEnd((cursor) => client.searchContent(cql, cursor, ["comments"])))
    for (const comment of comments) listed.set(comment.id, comment);
  const stored = await storedComments(sql, source.sourceId);
  const differences = [...listed.values()].flatMap((comment) => {
    const containerId = containerOf(comment, listed);
    const title = containerId === null ? undefined : titleOf(containerId);
    return compare(comment, stored.get(comment.id), title);
  });
  for (const comment of stored.values()) {
    if (listed.has(comment.id) || comment.missing_since) continue;
    differences.push(difference(comment, "surplus", stateOf(comment), "not listed"));
  }
  return { listed: listed.size, differences };
}

function compare(
  comment: ListedComment,
  stored: StoredComment | undefined,
  title: string | undefined,
): Difference[] {
  if (!stored) {
    if (title === undefined) return [];
    return [difference({ id: comment.id, title }, "missing", "nothing", stateOf(comment))];
  }
  if (stored.missing_since)
    return [difference(stored, "hidden", `since ${stored.missing_since.toISOString()}`, "listed")];
  const [index, site] = [stateOf(stored), stateOf(comment)];
  return index === site ? [] : [difference(stored, "outdated", index, site)];
}

function difference(
  { id, title }: { id: string; title: string },
  kind: Difference["kind"],
  index: string,
  site: string,
): Difference {
  return { content: "comments", page_id: id, title, kind, index, site };
}

function stateOf({ version, resolution }: { version: number; resolution: string | null }): string {
  return `version ${version}${resolution === null ? "" : `, ${resolution}`}`;
}

/** A response may name of a reply only the comment that it replies to. */
function containerOf(comment: ListedComment, listed: ReadonlyMap<string, ListedComment>): string | null {
  const seen = new Set<string>();
  let at: ListedComment | undefined = comment;
  while (at && !seen.has(at.id)) {
    if (at.containerId !== null) return at.containerId;
    seen.add(at.id);
    at = listed.get(at.parentId ?? "");
  }
  return null;
}

/** Of what search finds: the comments of a page that is gone stay stored until it is purged or back. */
async function storedComments(sql: Sql, sourceId: string): Promise<Map<string, StoredComment>> {
  const rows = await sql<StoredComment[]>`
    select m.comment_id as id, c.title, m.version, m.resolution, m.missing_since
    from confluence_comments m
    join confluence_pages c on c.source_id = m.source_id and c.page_id = m.container_id
    where m.source_id = ${sourceId} and is_findable(c)`;
  return new Map(rows.map((row) => [row.id, row]));
}
