import type { Sql } from "#shared/db/connect.ts";
import type { Pending, Principals } from "./principals.ts";

/** Where content is, as a row of `content_access`. */
export type Place = {
  contentId: string;
  ancestorIds: string[];
  isContainer: boolean;
  nodeId: number | null;
  readAt: Date;
};

/** A row of `access_nodes`. */
export type AccessNode = Principals & {
  nodeId: number;
  /** Null: the space. */
  contentId: string | null;
  parentNode: number | null;
  pending: Pending | null;
  verifiedAt: Date | null;
  readAt: Date;
};

/** What is stored of some content of a source. */
export type AccessTree = {
  space: AccessNode;
  /** By content id. Content without a place was never read. */
  places: Map<string, Place>;
  nodes: Map<string, AccessNode>;
};

/** Only one writes the rights of a source at a time, in its transaction; first thing in it, so that writers wait for each other here. */
export async function lockRights(tx: Sql, sourceId: string): Promise<void> {
  await tx`select from access_sweeps where source_id = ${sourceId} for no key update`;
}

/** The tree as far as this content is concerned; null when the space's readers were never read. */
export async function readTree(
  tx: Sql,
  sourceId: string,
  contentIds: readonly string[],
): Promise<AccessTree | null> {
  const ids = [...new Set(contentIds)];
  const nodes = await tx<AccessNode[]>`
    select ${nodeColumns(tx)} from access_nodes
    where source_id = ${sourceId} and (content_id is null or content_id = any(${ids}::text[]))`;
  const space = nodes.find((node) => node.contentId === null);
  if (!space) return null;
  const places = await tx<Place[]>`
    select content_id as "contentId", ancestor_ids as "ancestorIds", is_container as "isContainer", node_id as "nodeId", read_at as "readAt"
    from content_access where source_id = ${sourceId} and content_id = any(${ids}::text[])`;
  return {
    space,
    places: new Map(places.map((place) => [place.contentId, place])),
    nodes: new Map(nodes.flatMap((node) => (node.contentId === null ? [] : [[node.contentId, node]]))),
  };
}

/** Every column of `access_nodes`, under the names of `AccessNode`. */
export function nodeColumns(sql: Sql) {
  return sql`node_id as "nodeId", content_id as "contentId", parent_node as "parentNode", users, groups, classes, state, pending,
    verified_at as "verifiedAt", read_at as "readAt"`;
}

/**
 * The node over what lies below these, from the top of the space; null when one of them was never read, its own place is not known, or is
 * another one by now: then nodes below it are not known to be under all that is above them.
 */
export function nodeBelow({ places, nodes, space }: AccessTree, chain: readonly string[]): number | null {
  const isThere = (id: string, index: number) => {
    const place = places.get(id);
    return (
      place !== undefined && place.nodeId !== null && isSameChain(place.ancestorIds, chain.slice(0, index))
    );
  };
  if (!chain.every(isThere)) return null;
  const nearest = chain.findLast((id) => nodes.has(id));
  return nearest === undefined ? space.nodeId : (nodes.get(nearest)?.nodeId ?? null);
}

/** Whether both name the same content above, in the same order. */
export function isSameChain(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}

/** Whether everybody who passes `node` and what is above it passes `above` too. */
export async function isAtOrBelow(tx: Sql, node: number, above: number): Promise<boolean> {
  const [row] = await tx<{ found: boolean }[]>`
    with recursive up as (
      select node_id, parent_node from access_nodes where node_id = ${node}
      union select n.node_id, n.parent_node from access_nodes n join up on n.node_id = up.parent_node)
    select exists (select from up where node_id = ${above}) as found`;
  return row?.found ?? false;
}
