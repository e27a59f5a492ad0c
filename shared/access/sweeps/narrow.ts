import type { Sql } from "#shared/db/connect.ts";
import { isAtOrBelow, nodeBelow, type AccessNode, type AccessTree, type Place } from "./access-tree.ts";
import { noteForgotten } from "./forgotten.ts";
import { isEqual, narrowed, type Pending, type Principals } from "./principals.ts";

/** Content with all that lies below it. */
function subtree(tx: Sql, sourceId: string, contentId: string) {
  return tx`source_id = ${sourceId} and (content_id = ${contentId} or ${contentId} = any(ancestor_ids))`;
}

/** Stores a node; returns its id. */
export async function insertNode(
  tx: Sql,
  sourceId: string,
  node: Principals & { contentId: string | null; parentNode: number | null; readAt: Date },
): Promise<number> {
  const { contentId, parentNode, users, groups, classes, state, readAt } = node;
  const [row] = await tx<{ node_id: number }[]>`
    insert into access_nodes (source_id, content_id, parent_node, users, groups, classes, state, read_at)
    values (${sourceId}, ${contentId}, ${parentNode}, ${users}, ${groups}, ${classes}, ${state}, ${readAt})
    returning node_id`;
  if (!row) throw new Error(`No node was stored for ${contentId ?? "the space"}`);
  return row.node_id;
}

/**
 * A restriction where there was none: from now on it is over the content and everything below it, however many that are, in one
 * statement. What is not known yet stays so until the sweep is complete.
 */
export async function restrict(
  tx: Sql,
  sourceId: string,
  {
    tree,
    place,
    principals,
    readAt,
  }: { tree: AccessTree; place: Place; principals: Principals; readAt: Date },
): Promise<void> {
  const { contentId, ancestorIds, nodeId: above } = place;
  const parentNode = above ?? nodeBelow(tree, ancestorIds) ?? tree.space.nodeId;
  const nodeId = await insertNode(tx, sourceId, { ...principals, contentId, parentNode, readAt });
  await replaceAbove(tx, sourceId, contentId, { before: parentNode, after: nodeId });
}

async function replaceAbove(
  tx: Sql,
  sourceId: string,
  contentId: string,
  { before, after }: { before: number; after: number },
): Promise<void> {
  await tx`
    update content_access set node_id = ${after} where ${subtree(tx, sourceId, contentId)} and node_id = ${before}`;
  await tx`
    update access_nodes set parent_node = ${after}
    where source_id = ${sourceId} and parent_node = ${before} and node_id <> ${after}
      and content_id in (select content_id from content_access where ${subtree(tx, sourceId, contentId)})`;
}

/** Applies what was read of a node's principals: at once whom it lets in no more, when the sweep is complete whom it lets in besides. */
export async function renewNode(
  tx: Sql,
  node: AccessNode,
  reading: { principals: Principals; readAt: Date; notesUnchanged?: boolean },
): Promise<void> {
  const { principals, readAt, notesUnchanged = false } = reading;
  const { now, pending } = narrowed(node, principals);
  const isUnchanged = isEqual(now, node) && pending === null && node.pending === null;
  if (node.readAt > readAt || (isUnchanged && node.verifiedAt === null && !notesUnchanged)) return;
  await tx`
    update access_nodes set users = ${now.users}, groups = ${now.groups}, classes = ${now.classes}, state = ${now.state},
      pending = ${jsonOf(tx, pending)}, verified_at = null, read_at = ${readAt}
    where node_id = ${node.nodeId}`;
}

/** The restriction is gone, which counts when the sweep is complete. */
export async function releaseLater(tx: Sql, node: AccessNode, readAt: Date): Promise<void> {
  if (node.readAt > readAt) return;
  await tx`
    update access_nodes set pending = ${jsonOf(tx, { gone: true })}, verified_at = null, read_at = ${readAt}
    where node_id = ${node.nodeId}`;
}

/** It could not be read: it stays as it is, and what is known of it ages from when it was last read. */
export async function keepNode(tx: Sql, node: AccessNode): Promise<void> {
  await tx`
    update access_nodes n set pending = null, verified_at = coalesce(n.verified_at, s.access_verified_at, n.read_at)
    from archon_sources s where n.node_id = ${node.nodeId} and s.source_id = n.source_id`;
}

/**
 * The content is at another place. Where whoever passes the new place passes the old one too, that counts at once for it and everything
 * below it; otherwise nobody sees them until the sweep is complete.
 */
export async function move(
  tx: Sql,
  sourceId: string,
  { tree, place, chain, readAt }: { tree: AccessTree; place: Place; chain: readonly string[]; readAt: Date },
): Promise<void> {
  const { contentId } = place;
  const own = tree.nodes.get(contentId);
  const before = own ? own.parentNode : place.nodeId;
  const after = nodeBelow(tree, chain);
  const isStricter = before !== null && after !== null && (await isAtOrBelow(tx, after, before));
  if (!isStricter) await hide(tx, sourceId, contentId);
  else if (after !== before) await replaceAbove(tx, sourceId, contentId, { before, after });
  await tx`
    update content_access set read_at = ${readAt},
      ancestor_ids = ${[...chain]}::text[] || case when content_id = ${contentId} then '{}'::text[]
        else ancestor_ids[array_position(ancestor_ids, ${contentId}):] end
    where ${subtree(tx, sourceId, contentId)}`;
}

/**
 * Nobody sees the content and what lies below it, under restrictions of their own too, until the sweep is complete. Until then none of it
 * has a node, so a page of it that is rendered shows no other; pages that showed some are marked by the change of their node, and wait for
 * the lock on it as the storing of a page does. Kept nodes would do neither: the end of a sweep changes only what is above them.
 */
async function hide(tx: Sql, sourceId: string, contentId: string): Promise<void> {
  await tx`
    update content_access set node_id = null where ${subtree(tx, sourceId, contentId)} and node_id is not null`;
}

/** Where the content is, is not known (any more): nobody sees it, nor what lies below it, until a sweep has read it again. */
export async function forget(
  tx: Sql,
  sourceId: string,
  { tree, contentId, readAt }: { tree: AccessTree; contentId: string; readAt: Date },
): Promise<void> {
  const own = tree.nodes.get(contentId);
  // The pages follow an update, not a deletion.
  await hide(tx, sourceId, contentId);
  if (own)
    await tx`
      update access_nodes set state = 'unknown', users = '{}', groups = '{}', classes = '{}', pending = null, read_at = ${readAt}
      where node_id = ${own.nodeId}`;
  await tx`delete from content_access where source_id = ${sourceId} and content_id = ${contentId}`;
  await noteForgotten(tx, sourceId, { contentId, readAt });
}

function jsonOf(tx: Sql, pending: Pending | null) {
  return pending === null ? null : tx.json(pending);
}
