import type { Sql } from "#shared/db/connect.ts";
import { lockRights, nodeColumns, readTree, type AccessNode } from "./access-tree.ts";
import { keepNode, renewNode } from "./narrow.ts";
import type { Principals } from "./principals.ts";

/** A folder, or the like, with whom it may let in: whoever passes the next restriction above it. */
export type ContainerToProve = { contentId: string; above: Principals };

/** The container after `done` others: those above come first. Null: there is none. */
export async function nextContainer(
  sql: Sql,
  sourceId: string,
  done: number,
): Promise<ContainerToProve | null> {
  const [row] = await sql<{ content_id: string; parent_node: number }[]>`
    select c.content_id, n.parent_node from content_access c
    join access_nodes n on n.source_id = c.source_id and n.content_id = c.content_id
    where c.source_id = ${sourceId} and c.is_container
    order by cardinality(c.ancestor_ids), c.content_id offset ${done} limit 1`;
  if (!row) return null;
  const up = await sql<AccessNode[]>`
    with recursive up as (
      select n.*, 0 as steps from access_nodes n where node_id = ${row.parent_node}
      union all select n.*, up.steps + 1 from access_nodes n join up on n.node_id = up.parent_node)
    select ${nodeColumns(sql)} from up order by steps`;
  const above = up.map(afterSweep).find(({ state }) => state !== "open");
  return above ? { contentId: row.content_id, above } : null;
}

/** As it will be when the sweep is complete. A restriction that will be gone lets everybody pass. */
function afterSweep(node: AccessNode): Principals {
  const { pending } = node;
  if (pending === null) return node;
  return "gone" in pending ? { ...node, state: "open" } : pending;
}

/** Applies whom a container was proven to let in; null: that could not be asked this time. */
export async function applyContainer(
  tx: Sql,
  sourceId: string,
  { contentId, principals, readAt }: { contentId: string; principals: Principals | null; readAt: Date },
): Promise<void> {
  await lockRights(tx, sourceId);
  const node = (await readTree(tx, sourceId, [contentId]))?.nodes.get(contentId);
  if (!node) return;
  if (principals) await renewNode(tx, node, principals, readAt);
  else await keepNode(tx, node);
}
