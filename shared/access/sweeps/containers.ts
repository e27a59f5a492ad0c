import type { Sql } from "#shared/db/connect.ts";
import { lockRights, nodeColumns, readTree, type AccessNode } from "./access-tree.ts";
import { keepNode, renewNode } from "./narrow.ts";
import { NOBODY_PASSES, type Principals } from "./principals.ts";

/** A folder, or the like, with whom it may let in: whoever passes the next restriction above it. */
export type ContainerToProve = { contentId: string; above: Principals };

/** Of whom it was proven that an open container lets them in; `everybody`: it is trusted. */
export type ProvenFor = Pick<Principals, "users" | "groups" | "classes"> | { everybody: true };

/** The container after `done` others: those above come first. Null: there is none. */
export async function nextContainer(
  sql: Sql,
  sourceId: string,
  done: number,
): Promise<ContainerToProve | null> {
  const [row] = await sql<{ content_id: string; ancestor_ids: string[]; is_known: boolean }[]>`
    select c.content_id, c.ancestor_ids, not exists (
      select from unnest(c.ancestor_ids) id where not exists (
        select from content_access a where a.source_id = c.source_id and a.content_id = id)) as is_known
    from content_access c join access_nodes n on n.source_id = c.source_id and n.content_id = c.content_id
    where c.source_id = ${sourceId} and c.is_container
    order by cardinality(c.ancestor_ids), c.content_id offset ${done} limit 1`;
  if (!row) return null;
  const { content_id: contentId, ancestor_ids: chain } = row;
  if (!row.is_known) return { contentId, above: NOBODY_PASSES };
  const nodes = await sql<AccessNode[]>`
    select ${nodeColumns(sql)} from access_nodes
    where source_id = ${sourceId} and (content_id is null or content_id = any(${chain}::text[]))`;
  // By its place: the node above a container that was moved is the one above its old place until the sweep is complete.
  const depth = (node: AccessNode) => (node.contentId === null ? -1 : chain.indexOf(node.contentId));
  const up = nodes.toSorted((one, other) => depth(other) - depth(one)).map(afterSweep);
  return { contentId, above: up.find(({ state }) => state !== "open") ?? NOBODY_PASSES };
}

/** As it will be when the sweep is complete. A restriction that will be gone lets everybody pass. */
function afterSweep(node: AccessNode): Principals {
  const { pending } = node;
  if (pending === null) return node;
  return "gone" in pending ? { ...node, state: "open" } : pending;
}

/** Applies whom a container was proven to let in; null: that could not be asked this time. `provenFor`: where it is open. */
export async function applyContainer(
  tx: Sql,
  sourceId: string,
  container: { contentId: string; principals: Principals | null; provenFor: ProvenFor; readAt: Date },
): Promise<void> {
  const { contentId, principals, provenFor, readAt } = container;
  await lockRights(tx, sourceId);
  const node = (await readTree(tx, sourceId, [contentId]))?.nodes.get(contentId);
  if (!node) return;
  if (!principals) return keepNode(tx, node);
  if (node.readAt > readAt) return;
  await renewNode(tx, node, { principals, readAt });
  const proven = principals.state === "open" ? tx.json(provenFor) : null;
  await tx`
    update access_nodes set proven_for = ${proven} where node_id = ${node.nodeId} and proven_for is distinct from ${proven}`;
}

/**
 * At the end of a sweep: nobody passes an open container any more if somebody passes what is above it now of whom it was not proven, because
 * that has changed since. One restriction above it that lets in nobody else is enough.
 */
export async function closeUnproven(tx: Sql, sourceId: string): Promise<void> {
  const isProven = (kind: "users" | "groups" | "classes") =>
    tx`up.${tx(kind)} <@ array(select jsonb_array_elements_text(n.proven_for -> ${kind}))`;
  await tx`
    update access_nodes n set state = 'unknown', pending = null, proven_for = null
    where n.source_id = ${sourceId} and n.state = 'open' and n.content_id is not null and (n.proven_for is null
      or not n.proven_for ? 'everybody' and not exists (
        with recursive up as (
          select a.node_id, a.parent_node, a.state, a.users, a.groups, a.classes from access_nodes a where a.node_id = n.parent_node
          union all
          select a.node_id, a.parent_node, a.state, a.users, a.groups, a.classes from access_nodes a join up on a.node_id = up.parent_node)
        select from up where up.state = 'unknown'
          or up.state = 'known' and ${isProven("users")} and ${isProven("groups")} and ${isProven("classes")}))`;
}
