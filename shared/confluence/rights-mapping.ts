import type { z } from "zod";
import { NOBODY, type ContentRights, type SpaceReaders, type ViewRestriction } from "./content-rights.ts";
import type { OffsetList, permissionSchema, restrictionSchema, rightsHitSchema } from "./rights-schemas.ts";

/** What a search expands of content for its rights. Not the ancestors' restrictions: one draft among them fails the whole response. */
export const RESTRICTION_EXPANDS = [
  "restrictions.read.restrictions.user",
  "restrictions.read.restrictions.group",
];

type Restriction = z.infer<typeof restrictionSchema>;

/** The principals of one page of a restriction. */
export function principalsOf({ restrictions: { user, group } }: Restriction): ViewRestriction {
  const users = user.results.map(({ accountId }) => accountId ?? NOBODY);
  const groups = group.results.flatMap(({ id }) => id ?? []);
  const unnamed = groups.length < group.results.length ? [NOBODY] : [];
  return sorted({ users: [...users, ...unnamed], groups });
}

/** Without repetitions and in one order, so that equal restrictions are equal. */
export function sorted({ users, groups }: ViewRestriction): ViewRestriction {
  return { users: unique(users), groups: unique(groups) };
}

export function unique<T extends string>(ids: readonly T[]): T[] {
  return [...new Set(ids)].sort();
}

/** A v1 search hit with its rights. A blog post has nothing above it. */
export function rightsFromV1(hit: z.infer<typeof rightsHitSchema>): ContentRights {
  const { id, type, space, ancestors, restrictions } = hit;
  const read = restrictions?.read;
  return {
    id,
    type,
    spaceKey: space?.key ?? null,
    ancestors: ancestors ?? (type === "blogpost" ? [] : null),
    restriction:
      read && isWhole(read.restrictions.user) && isWhole(read.restrictions.group) ? principalsOf(read) : null,
  };
}

/** Whether an embedded list is all of it: it has room left, says so, and names no next page. */
function isWhole({ results, limit, size, _links }: OffsetList): boolean {
  if (_links?.next || (size ?? 0) > results.length) return false;
  return results.length === 0 || (limit ?? 0) > results.length;
}

/** Where a list continues after its page from `start`; null at its end. `asked`: the limit that was asked for. */
export function nextStart(
  { results, limit, _links }: OffsetList,
  start: number,
  asked: number,
): number | null {
  const given = limit ? limit : asked;
  if (_links?.next) {
    const named = Number(/[?&]start=(\d+)/.exec(_links.next)?.[1]);
    return named > start ? named : start + given;
  }
  return results.length >= given ? start + results.length : null;
}

/** Confluence's words for classes of accounts, as both APIs spell them. Of the others it is not certain whom they contain. */
const CLASSES = new Map<string, SpaceReaders["classes"][number]>(
  Object.entries({
    "anonymous-users": "anonymous",
    "all-licensed-users": "all-licensed",
  }),
);

export type Principal = { type: string | null | undefined; id: string | null | undefined };

/** Who passes because of these principals, each of whom may read the space. */
export function readersOf(principals: readonly Principal[]): SpaceReaders {
  const readers: SpaceReaders = { users: [], groups: [], classes: [], unknown: [] };
  for (const principal of principals) {
    const type = spelled(principal.type ?? "");
    const id = principal.id ?? "";
    const known = type === "access-class" ? CLASSES.get(spelled(id)) : undefined;
    if (type === "user" && id !== "") readers.users.push(id);
    else if (type === "group" && id !== "") readers.groups.push(id);
    else if (known) readers.classes.push(known);
    else readers.unknown.push(`${type || "principal"} ${id || "without an id"}`);
  }
  const { classes, unknown } = readers;
  return { ...sorted(readers), classes: unique(classes), unknown: unique(unknown) };
}

/** The principal of a permission to read the space; null for another permission. */
export function readerOf({ principal, operation }: z.infer<typeof permissionSchema>): Principal | null {
  const reads = operation?.key === "read" && operation.targetType === "space";
  return reads ? { type: principal?.type, id: principal?.id } : null;
}

function spelled(word: string): string {
  return word.toLowerCase().replaceAll("_", "-");
}
