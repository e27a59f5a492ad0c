import { foundById } from "./content.ts";
import { OPERATIONS, type Operation } from "./directory.ts";
import { groupJson } from "./v1-groups.ts";
import { offsetsOf, type Offsets } from "./offsets.ts";
import { restrictionOn } from "./permissions.ts";
import { ok, v1Error, webBase, type Reply } from "./responses.ts";
import { isFolder, type Folder, type Site, type SiteContent } from "./site.ts";
import { userJson } from "./v1-content.ts";
import { canSee, isCurrent, type Viewer } from "./visibility.ts";

/** The lists of a restriction, as `expand` names them below it. */
const LISTS = ["user", "group"] as const;
const EXPAND = /^restrictions\.(read|update)(?:\.restrictions(?:\.(user|group))?)?$/;

/** `GET /rest/api/content/{id}/restriction/byOperation/{operation}`: the content's own; of both lists the part from `start`. */
export function getRestriction(
  site: Site,
  viewer: Viewer,
  { id, operation, query }: { id: string; operation: Operation; query: URLSearchParams },
): Reply {
  const content = visibleContent(site, viewer, id);
  const offsets = offsetsOf(query, { limit: 100, most: 200 });
  if (!content) return v1Error(404, `No content with id : ${id}`);
  if (!offsets) return v1Error(400, "start and limit must not be negative");
  return ok(restrictionJson(site, content, { operation, lists: LISTS, offsets }));
}

/** `GET /rest/api/content/{id}/restriction/byOperation`: of reading and of editing. */
export function getRestrictions(site: Site, viewer: Viewer, id: string): Reply {
  const content = visibleContent(site, viewer, id);
  if (!content) return v1Error(404, `No content with id : ${id}`);
  const offsets = { start: 0, limit: site.settings.embedded_principals };
  const entries = OPERATIONS.map((operation) => [
    operation,
    restrictionJson(site, content, { operation, lists: LISTS, offsets }),
  ]);
  return ok({ ...Object.fromEntries(entries), _links: { self: `${webBase(site)}${pathOf(id)}` } });
}

/** What a search expands of content's restrictions: both operations are named, the lists as far as they were asked for. */
export function embeddedRestrictions(
  site: Site,
  content: SiteContent | Folder,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const asked = [...expand].flatMap((name) => {
    const [, operation, list] = EXPAND.exec(name) ?? [];
    return operation === undefined ? [] : [{ operation, list }];
  });
  const offsets = { start: 0, limit: site.settings.embedded_principals };
  const expandable: Record<string, string> = {};
  const entries = OPERATIONS.flatMap((operation) => {
    const own = asked.filter((item) => item.operation === operation);
    const lists = LISTS.filter((list) => own.some((item) => item.list === list));
    if (own.length === 0) expandable[operation] = `${pathOf(content.id)}/${operation}`;
    return own.length === 0
      ? []
      : [[operation, restrictionJson(site, content, { operation, lists, offsets })] as const];
  });
  return { ...Object.fromEntries(entries), _expandable: expandable };
}

/** Whether an expand is about restrictions of the content itself. */
export function isRestrictionExpand(name: string): boolean {
  return EXPAND.test(name);
}

function pathOf(id: string): string {
  return `/rest/api/content/${id}/restriction/byOperation`;
}

/** A folder's reads as empty, whatever it is (CONFCLOUD-82920). */
function restrictionJson(
  site: Site,
  content: SiteContent | Folder,
  {
    operation,
    lists,
    offsets,
  }: { operation: Operation; lists: readonly (typeof LISTS)[number][]; offsets: Offsets },
): unknown {
  const own = isFolder(content) ? { users: [], groups: [] } : restrictionOn(site, content.id, operation);
  const path = `${pathOf(content.id)}/${operation}`;
  const { start, limit } = offsets;
  const part = <T>(items: readonly T[]) => items.slice(start, start + limit);
  const users = part(own.users);
  const groups = part(own.groups);
  const isCut = own.users.length > start + limit && site.settings.cut_lists_have === "next";
  const next = `${path}/user?start=${start + limit}&limit=${limit}`;
  const written = {
    user: {
      results: users.map((id) => userWithId(site, id)),
      start,
      limit,
      size: users.length,
      _links: isCut ? { next } : {},
    },
    group: {
      results: groups.map((id) => groupWithId(site, id)),
      start,
      limit,
      size: groups.length,
    },
  };
  const named = (list: (typeof LISTS)[number]) => lists.includes(list);
  return {
    operation,
    restrictions: {
      ...Object.fromEntries(LISTS.filter(named).map((list) => [list, written[list]])),
      _expandable: Object.fromEntries(LISTS.filter((list) => !named(list)).map((list) => [list, ""])),
    },
    _expandable: { content: `/rest/api/content/${content.id}` },
    _links: { self: `${webBase(site)}${path}` },
  };
}

function userWithId(site: Site, id: string): unknown {
  const user = userJson(site, id);
  if (site.people.has(id)) return user;
  const { accountId, ...unnamed } = user;
  return {
    ...(site.settings.deleted_principals === "named" ? { accountId } : {}),
    ...unnamed,
    type: "unknown",
  };
}

function groupWithId(site: Site, id: string): unknown {
  const group = site.directory.groups.get(id);
  if (group) return groupJson(site, group);
  const shownId = site.settings.deleted_principals === "named" ? id : "";
  return { type: "group", name: "deleted group", id: shownId };
}

function visibleContent(site: Site, viewer: Viewer, id: string): SiteContent | Folder | null {
  const content = foundById(site, id);
  const isThere =
    content !== undefined &&
    (isCurrent(site, content) || ("status" in content && content.status === "archived"));
  return isThere && canSee(site, viewer, content) ? content : null;
}
