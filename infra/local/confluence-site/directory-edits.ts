import {
  DEFAULT_ACCOUNT,
  EVERYBODY_GROUP,
  type Account,
  type Group,
  type Operation,
  type Permission,
  READ_SPACE,
  type Restriction,
  type Role,
} from "./directory.ts";
import { EditRefused } from "./edit-refused.ts";
import { ACCOUNT_ID, newId, spaceByKey, type Site, type Space } from "./site.ts";

/**
 * A person, or what changes of one: somebody new joins the group of everybody, unless a guest or an app, and `groups` by id or name.
 * A name that is not given is the id.
 */
export function putPerson(
  site: Site,
  id: string,
  change: Partial<Account> & { name?: string; groups?: string[] } = {},
): Account {
  const isNew = !site.people.has(id);
  const { name, groups = [], ...fields } = change;
  const account = { ...(site.directory.accounts.get(id) ?? DEFAULT_ACCOUNT), ...fields };
  site.people.set(id, name ?? site.people.get(id) ?? id);
  site.directory.accounts.set(id, account);
  const joins = isNew && !account.isGuest && account.type === "atlassian" ? [EVERYBODY_GROUP] : [];
  for (const group of [...joins, ...groups]) groupBy(site, group)?.members.add(id);
  return account;
}

/** Removes an account; restrictions and groups' lists still name it. */
export function deletePerson(site: Site, id: string): void {
  site.people.delete(id);
  site.directory.accounts.delete(id);
  for (const group of site.directory.groups.values()) group.members.delete(id);
}

/** A new group. Its id says nothing of its name. */
export function addGroup(
  site: Site,
  group: { name: string; id?: string; members?: readonly string[]; isLicensed?: boolean },
): Group {
  if (groupBy(site, group.name)) throw new EditRefused(409, `There is a group ${group.name} already`);
  const made: Group = {
    id: group.id ?? `7a40c9e2-1b6d-4f53-9a08-${newId(site).padStart(12, "0")}`,
    name: group.name,
    members: new Set(group.members),
    isLicensed: group.isLicensed ?? false,
    membersStatus: 200,
  };
  site.directory.groups.set(made.id, made);
  return made;
}

/** Changes a group, by its id or name. `members` are all, before `add` and `remove`. */
export function editGroup(
  site: Site,
  idOrName: string,
  change: Partial<Pick<Group, "isLicensed" | "membersStatus">> & {
    members?: readonly string[];
    add?: readonly string[];
    remove?: readonly string[];
  },
): Group {
  const group = groupBy(site, idOrName);
  if (!group) throw new EditRefused(404, `No group ${idOrName}`);
  const { members, add = [], remove = [], ...fields } = change;
  if (members) group.members = new Set(members);
  for (const id of add) group.members.add(id);
  for (const id of remove) group.members.delete(id);
  return Object.assign(group, fields);
}

/** Removes a group; restrictions and spaces still name it. */
export function deleteGroup(site: Site, idOrName: string): void {
  const group = groupBy(site, idOrName);
  if (!group) throw new EditRefused(404, `No group ${idOrName}`);
  site.directory.groups.delete(group.id);
}

/**
 * Replaces the restriction on a page, blog post, folder or the like; without principals it is removed. No version is made. Groups by id
 * or name; what the site does not know stays as it is written. The account that syncs is added, as nobody locks themselves out, unless
 * `withAccount` is false.
 */
export function restrictContent(
  site: Site,
  id: string,
  {
    users = [],
    groups = [],
    operation = "read",
    withAccount = true,
  }: { users?: readonly string[]; groups?: readonly string[]; operation?: Operation; withAccount?: boolean },
): Restriction {
  if (!site.pages.has(id) && !site.folders.has(id)) throw new EditRefused(404, `No page or folder ${id}`);
  const isOpen = users.length === 0 && groups.length === 0;
  const named: Restriction = {
    users: [...new Set([...users, ...(withAccount && !isOpen ? [ACCOUNT_ID] : [])])],
    groups: groups.map((group) => groupBy(site, group)?.id ?? group),
  };
  const none = { users: [], groups: [] };
  const before = site.directory.restrictions.get(id) ?? { read: none, update: none };
  site.directory.restrictions.set(id, { ...before, [operation]: named });
  return named;
}

export type Readers = { users?: readonly string[]; groups?: readonly string[]; classes?: readonly string[] };

/**
 * Replaces who may read a space: users, groups (by id or name), and classes as v2 names them (`ALL_LICENSED_USERS`, `ANONYMOUS_USERS`, …).
 * `others`: further permissions. The account that syncs stays a reader unless `withAccount` is false.
 */
export function setSpaceReaders(
  site: Site,
  key: string,
  { others = [], withAccount = true, ...readers }: Readers & { others?: Permission[]; withAccount?: boolean },
): Permission[] {
  const space = requireSpace(site, key);
  const rows = principalsOf(site, readers, withAccount).map((principal) => ({
    principal,
    operation: READ_SPACE,
  }));
  site.directory.permissions.set(space.id, [...rows, ...others]);
  return [...rows, ...others];
}

/** A role that spaces can give; `permissions` as `read/space`. */
export function addRole(site: Site, role: { name: string; permissions: string[] }): Role {
  const id = `b26d7f10-8c3e-4a95-b1d4-${newId(site).padStart(12, "0")}`;
  const made: Role = { ...role, id, type: "CUSTOM" };
  site.directory.roles.set(id, made);
  return made;
}

/** Replaces who has which role in a space: by the role's id or name; an unknown one stays as it is written. */
export function assignRoles(site: Site, key: string, given: (Readers & { role: string })[]): void {
  const space = requireSpace(site, key);
  const assignments = given.flatMap(({ role, ...who }) => {
    const known = [...site.directory.roles.values()].find(({ id, name }) => id === role || name === role);
    return principalsOf(site, who, false).map((principal) => ({ roleId: known?.id ?? role, principal }));
  });
  site.directory.assignments.set(space.id, assignments);
}

function principalsOf(
  site: Site,
  { users = [], groups = [], classes = [] }: Readers,
  withAccount: boolean,
): { type: string; id: string }[] {
  return [...new Set([...users, ...(withAccount ? [ACCOUNT_ID] : [])])]
    .map((id) => ({ type: "user", id }))
    .concat(
      groups.map((group) => ({ type: "group", id: groupBy(site, group)?.id ?? group })),
      classes.map((id) => ({ type: "access-class", id })),
    );
}

function requireSpace(site: Site, key: string): Space {
  const space = spaceByKey(site, key);
  if (!space) throw new EditRefused(404, `No space ${key}`);
  return space;
}

function groupBy(site: Site, idOrName: string): Group | undefined {
  const { groups } = site.directory;
  return groups.get(idOrName) ?? [...groups.values()].find(({ name }) => name === idOrName);
}
