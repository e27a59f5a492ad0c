import type { Sql } from "#shared/db/connect.ts";
import type { AccessMode } from "#shared/sources/source.ts";

/** What a sweep and a directory would have stored, written directly. */

type Principals = { users?: readonly string[]; groups?: readonly string[]; classes?: readonly string[] };

export type TestNode = Principals & {
  sourceId: string;
  /** Absent: the space's node. */
  contentId?: string;
  parent?: number;
  /** Default: `known`. */
  state?: "known" | "open" | "unknown";
  verifiedAt?: Date;
};

/** With a sweep, as every source has that carries rights over: without one, what readers may be shown is not kept for the next search. */
export async function setAccess(sql: Sql, sourceId: string, access: AccessMode, verifiedAt: Date | null) {
  await sql`
    insert into access_sweeps (source_id, due_at, completed_at) values (${sourceId}, ${verifiedAt ?? new Date(0)}, ${verifiedAt})
    on conflict (source_id) do update set due_at = excluded.due_at, completed_at = excluded.completed_at`;
  await sql`
    update archon_sources set access = ${access}, access_verified_at = ${verifiedAt} where source_id = ${sourceId}`;
}

/** Adds a node and returns its id. */
export async function addNode(sql: Sql, node: TestNode): Promise<number> {
  const { users = [], groups = [], classes = [], state = "known" } = node;
  const [row] = await sql<{ id: number }[]>`
    insert into access_nodes (source_id, content_id, parent_node, users, groups, classes, state, verified_at)
    values (${node.sourceId}, ${node.contentId ?? null}, ${node.parent ?? null}, ${[...users]}, ${[...groups]}, ${[...classes]},
      ${state}, ${node.verifiedAt ?? null})
    returning node_id as id`;
  if (!row) throw new Error("no node was added");
  return row.id;
}

/** Puts content under a node; null: it is not known under which. */
export async function putUnder(
  sql: Sql,
  sourceId: string,
  contentIds: readonly string[],
  node: number | null,
) {
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id)
    select ${sourceId}, id, '{}', ${node} from unnest(${[...contentIds]}::text[]) id
    on conflict (source_id, content_id) do update set node_id = excluded.node_id`;
}

export type TestPerson = {
  accountId: string;
  email?: string;
  isActive?: boolean;
  isGuest?: boolean;
  groups?: readonly string[];
};

/** A group of all who are no guests, where no test says who has a licence. */
const EVERYBODY = "licensed-users";

/** The directory of a source's site: these people, the groups that they name, and those with a licence: all unless it is said. */
export async function setDirectory(
  sql: Sql,
  sourceId: string,
  directory: { people: readonly TestPerson[]; licensed?: readonly string[]; verifiedAt: Date },
) {
  const { people, licensed = [EVERYBODY], verifiedAt } = directory;
  const [site] = await sql<{ id: string }[]>`
    update confluence_sites c set directory_verified_at = ${verifiedAt}
    from archon_sources s where s.source_id = ${sourceId} and c.site_id = s.site_id returning c.site_id as id`;
  if (!site) throw new Error(`source ${sourceId} has no site`);
  await sql`delete from directory_groups where site_id = ${site.id}`;
  await sql`delete from directory_accounts where site_id = ${site.id}`;
  const groups = new Set([...people.flatMap((person) => person.groups ?? []), ...licensed]);
  for (const group of groups) {
    await sql`
      insert into directory_groups (site_id, group_id, is_licensed, state, verified_at)
      values (${site.id}, ${group}, ${licensed.includes(group)}, 'known', ${verifiedAt})`;
  }
  for (const { accountId, email = null, isActive = true, isGuest = false, groups: of = [] } of people) {
    await sql`
      insert into directory_accounts (site_id, account_id, email, is_active, is_guest, verified_at)
      values (${site.id}, ${accountId}, ${email}, ${isActive}, ${isGuest}, ${verifiedAt})`;
    await sql`
      insert into directory_members (site_id, group_id, account_id)
      select ${site.id}, g, ${accountId}
      from unnest(${directory.licensed || isGuest ? [...of] : [...of, EVERYBODY]}::text[]) g`;
  }
}
