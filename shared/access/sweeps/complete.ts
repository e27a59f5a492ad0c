import type { Sql } from "#shared/db/connect.ts";
import { lockRights } from "./access-tree.ts";
import { closeUnproven } from "./containers.ts";
import { dropForgotten } from "./forgotten.ts";
import type { ClaimedSweep } from "./sweep-rows.ts";

/**
 * The end of a sweep that is proven complete, in one transaction: what it read and what lets more people in counts now, restrictions
 * that are gone go, and each content gets the node that follows from what is above it: none where that is not known, or says of itself that it is
 * somewhere else. Repeating it changes nothing.
 */
export async function completeRights(
  tx: Sql,
  { sourceId, startedAt }: Pick<ClaimedSweep, "sourceId" | "startedAt">,
): Promise<void> {
  await lockRights(tx, sourceId);
  await dropContainers(tx, sourceId);
  // What an earlier sweep read, and this one did not, stays pending.
  await tx`
    update access_nodes set state = pending ->> 'state',
      users = array(select jsonb_array_elements_text(pending -> 'users')),
      groups = array(select jsonb_array_elements_text(pending -> 'groups')),
      classes = array(select jsonb_array_elements_text(pending -> 'classes')), pending = null
    where source_id = ${sourceId} and pending ? 'state' and read_at >= ${startedAt}`;
  await tx`
    with gone as (
      select node_id from access_nodes n
      where source_id = ${sourceId} and content_id is not null
        and (pending ? 'gone' and read_at >= ${startedAt}
          or not exists (select from content_access c where c.source_id = n.source_id and c.content_id = n.content_id))),
    chains as (
      select c.content_id, bool_and(coalesce(a.ancestor_ids = c.ancestor_ids[:u.position - 1], false)) as is_known,
        (array_agg(n.node_id order by u.position desc) filter (where n.node_id is not null))[1] as nearest,
        (array_agg(n.node_id order by u.position desc) filter (where n.node_id is not null and u.id <> c.content_id))[1] as above
      from content_access c
      cross join lateral unnest(c.ancestor_ids || c.content_id) with ordinality u (id, position)
      left join content_access a on a.source_id = c.source_id and a.content_id = u.id
      left join access_nodes n on n.source_id = c.source_id and n.content_id = u.id and n.node_id not in (select node_id from gone)
      where c.source_id = ${sourceId} group by c.content_id),
    space as (select node_id from access_nodes where source_id = ${sourceId} and content_id is null),
    nodes as (
      update access_nodes n set
        parent_node = coalesce(case when is_known then above end, space.node_id),
        state = case when is_known then n.state else 'unknown' end
      from chains, space
      where n.source_id = ${sourceId} and n.content_id = chains.content_id and n.node_id not in (select node_id from gone)
        and (not is_known and n.state <> 'unknown'
          or n.parent_node is distinct from coalesce(case when is_known then above end, space.node_id))),
    contents as (
      update content_access c set node_id = case when is_known then coalesce(nearest, space.node_id) end
      from chains, space
      where c.source_id = ${sourceId} and c.content_id = chains.content_id
        and c.node_id is distinct from case when is_known then coalesce(nearest, space.node_id) end)
    update access_nodes set pending = '{"gone": true, "now": true}' where node_id in (select node_id from gone)`;
  await tx`
    delete from access_nodes where source_id = ${sourceId} and pending ? 'now'`;
  await closeUnproven(tx, sourceId);
  await dropForgotten(tx, sourceId, startedAt);
  await followContent(tx, sourceId);
  await tx`update archon_sources set access_verified_at = ${startedAt}, access_before = null where source_id = ${sourceId}`;
}

/** Folders that nothing is below any more. */
async function dropContainers(tx: Sql, sourceId: string): Promise<void> {
  const rows = await tx<{ content_id: string }[]>`
    update content_access c set node_id = null
    where source_id = ${sourceId} and is_container and not exists (
      select from content_access below where below.source_id = c.source_id and not below.is_container and c.content_id = any(below.ancestor_ids))
    returning content_id`;
  const ids = rows.map((row) => row.content_id);
  if (ids.length > 0)
    await tx`delete from content_access where source_id = ${sourceId} and content_id = any(${ids}::text[])`;
}

/** Pages that were stored while their rights were written have the node of then. */
async function followContent(tx: Sql, sourceId: string): Promise<void> {
  await tx`
    update confluence_pages p set access_node = node_of_page(p)
    where source_id = ${sourceId} and access_node is distinct from node_of_page(p)`;
}
