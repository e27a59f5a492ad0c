import {
  createBulkUserLookup,
  getAvailableSpaceRoles,
  getSpacePermissionsAssignments,
  getSpaceRoleAssignments,
  getSpaceRoleMode,
} from "confluence.js/v2";
import { z } from "zod";
import { PermanentError, TransientError } from "#shared/errors.ts";
import { LISTING_LIMIT, type Caller, type ListingPage } from "./call-confluence.ts";
import type { ConfluenceClient } from "./client.ts";
import type { SpaceRole, ViewRestriction } from "./content-rights.ts";
import { groupsOf } from "./groups-of.ts";
import { int64 } from "./int64.ts";
import { readItems } from "./read-items.ts";
import {
  nextStart,
  principalsOf,
  readerOf,
  readersOf,
  RESTRICTION_EXPANDS,
  rightsFromV1,
  sorted,
  unique,
  type Principal,
} from "./rights-mapping.ts";
import {
  directoryAccountSchema,
  groupSchema,
  isPrincipalId,
  offsetList,
  permissionCheckSchema,
  permissionSchema,
  restrictionSchema,
  rightsHitSchema,
  roleAssignmentSchema,
  roleModeSchema,
  roleSchema,
  userSchema,
  type OffsetList,
} from "./rights-schemas.ts";
import { isContentId, listing } from "./schemas.ts";

/** The most that v1 returns of a list at once. */
const OFFSET_LIMIT = 200;
/** A list of more pages than this does not end: no group has a fifth of a million members. */
const MAX_PAGES = 1000;
/** What a role's list of permissions calls reading the space. */
const READ_SPACE = "read/space";

const v1 = () => import("./v1-calls.ts");

type RightsCalls =
  | "searchRights"
  | "viewRestriction"
  | "spaceRoles"
  | "spaceReaders"
  | "licensedGroups"
  | "groupMembers"
  | "accounts"
  | "isPermitted";

/** The calls for who may see what. */
export function rightsCalls({ ask, askPage, noteDrift }: Caller): Pick<ConfluenceClient, RightsCalls> {
  /** The principals that may read the space because of their roles. A role that is not listed grants nothing. */
  async function readersByRole(spaceId: string, roles: readonly SpaceRole[]): Promise<Principal[]> {
    const assignments = await allItems((cursor) =>
      askPage(roleAssignmentSchema, cursor, (client, paging) =>
        getSpaceRoleAssignments(client, { id: int64(spaceId), ...paging }),
      ),
    );
    return assignments.flatMap(({ principal, roleId }): Principal[] => {
      const role = roles.find(({ id }) => id && id === roleId);
      if (!role?.permissions) return [{ type: "role", id: roleId }];
      if (!role.permissions.includes(READ_SPACE)) return [];
      return [{ type: principal?.principalType, id: principal?.principalId }];
    });
  }

  /** A site that knows nothing of roles has no such call. */
  async function hasRoles(): Promise<boolean> {
    try {
      const { mode } = await ask(roleModeSchema, (client) => getSpaceRoleMode(client));
      return mode !== "PRE_ROLES";
    } catch (error) {
      if (error instanceof PermanentError && ["not_found", "forbidden"].includes(error.code)) return false;
      if (error instanceof TransientError && error.details?.["status"] === 501) return false;
      throw error;
    }
  }

  return {
    async searchRights(cql, cursor) {
      const expand = ["space", "ancestors", ...RESTRICTION_EXPANDS];
      const page = await askPage(z.unknown(), cursor, async (client, paging) =>
        (await v1()).searchContentByCQL(client, { cql, expand, ...paging }),
      );
      const { results, odd, faults } = readItems(rightsHitSchema, page.results);
      if (odd.length > 0) noteDrift("skipped", odd.length, faults[0] ?? "");
      return { contents: results.map(rightsFromV1), skipped: odd.length, next: page.next };
    },

    async viewRestriction(id) {
      requireId(isContentId(id));
      const whole: ViewRestriction = { users: [], groups: [] };
      // Users and groups are two lists with one `start`.
      await eachPage(async (start) => {
        const page = await ask(restrictionSchema, async (client) =>
          (await v1()).getRestrictionsForOperation(client, {
            id,
            operationKey: "read",
            expand: ["restrictions.user", "restrictions.group"],
            start,
            limit: OFFSET_LIMIT,
          }),
        );
        const { users, groups } = principalsOf(page);
        whole.users.push(...users);
        whole.groups.push(...groups);
        return [page.restrictions.user, page.restrictions.group];
      });
      return sorted(whole);
    },

    async spaceRoles() {
      if (!(await hasRoles())) return null;
      const roles = await allItems((cursor) =>
        askPage(roleSchema, cursor, (client, paging) => getAvailableSpaceRoles(client, paging)),
      );
      return roles.map(({ id, spacePermissions }) => ({
        id: id ?? null,
        permissions: spacePermissions ?? null,
      }));
    },

    async spaceReaders(spaceId, roles) {
      const permissions = await allItems((cursor) =>
        askPage(permissionSchema, cursor, (client, paging) =>
          getSpacePermissionsAssignments(client, { id: int64(spaceId), ...paging }),
        ),
      );
      const granted = permissions.flatMap((permission) => readerOf(permission) ?? []);
      if (roles === null) return readersOf(granted);
      // A role among the permissions is one of those whose assignments say who has it.
      const direct = granted.filter(({ type }) => type?.toLowerCase() !== "role");
      return readersOf([...direct, ...(await readersByRole(spaceId, roles))]);
    },

    async licensedGroups() {
      const ids: string[] = [];
      await eachPage(async (start) => {
        const page = await ask(offsetList(groupSchema), async (client) =>
          (await v1()).getGroups(client, { accessType: "user", start, limit: OFFSET_LIMIT }),
        );
        ids.push(...page.results.flatMap((group) => group.id ?? []));
        return [page];
      });
      return unique(ids);
    },

    async groupMembers(groupId) {
      requireId(isPrincipalId(groupId));
      const ids: string[] = [];
      await eachPage(async (start) => {
        const page = await ask(offsetList(userSchema), async (client) =>
          (await v1()).getGroupMembersByGroupId(client, { groupId, start, limit: OFFSET_LIMIT }),
        );
        ids.push(...page.results.flatMap((user) => user.accountId ?? []));
        return [page];
      });
      return unique(ids);
    },

    async accounts(accountIds) {
      const asked = [...new Set(accountIds)].filter(isPrincipalId);
      const accounts: Awaited<ReturnType<ConfluenceClient["accounts"]>> = [];
      for (const group of groupsOf(asked, LISTING_LIMIT)) {
        const response = await ask(listing(z.unknown()), (client) =>
          createBulkUserLookup(client, { body: { accountIds: group } }),
        );
        const { results, odd, faults } = readItems(directoryAccountSchema, response.results);
        if (odd.length > 0) noteDrift("skipped", odd.length, faults[0] ?? "");
        accounts.push(
          ...results.map(({ accountId, email, accountStatus, isExternalCollaborator, isGuest }) => ({
            accountId,
            email: email ? email : null,
            isActive: accountStatus === "active",
            isGuest: isExternalCollaborator === true || isGuest === true,
          })),
        );
      }
      return accounts;
    },

    async isPermitted(contentId, subject) {
      requireId(isContentId(contentId));
      const asked =
        subject.type === "anonymous"
          ? { type: "user", identifier: "anonymous" }
          : { type: subject.type, identifier: subject.id };
      const { hasPermission } = await ask(permissionCheckSchema, async (client) =>
        (await v1()).checkContentPermission(client, { id: contentId, subject: asked, operation: "read" }),
      );
      return hasPermission;
    },
  };
}

/** All pages of lists that share one `start`, until all of them have ended. */
async function eachPage(read: (start: number) => Promise<OffsetList[]>): Promise<void> {
  let start: number | null = 0;
  let before = "";
  for (let pages = 0; start !== null; pages += 1) {
    const at: number = start;
    const lists = await read(at);
    const next = lists.flatMap((list) => nextStart(list, at, OFFSET_LIMIT) ?? []);
    start = next.length === 0 ? null : Math.min(...next);
    const text = JSON.stringify(lists.map(({ results }) => results));
    const isRepeated = text === before && lists.some(({ results }) => results.length > 0);
    if (isRepeated || pages >= MAX_PAGES) throw new PermanentError("invalid_answer", "The list never ends");
    before = text;
  }
}

/** All items of a v2 listing. */
async function allItems<T>(page: (cursor: string | null) => Promise<ListingPage<T>>): Promise<T[]> {
  const items: T[] = [];
  const seen = new Set<string>();
  for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
    const { results, next }: ListingPage<T> = await page(cursor);
    items.push(...results);
    if (next !== null && seen.has(next))
      throw new PermanentError("invalid_answer", "Pagination loop: Confluence returned a cursor twice");
    if (next !== null) seen.add(next);
    cursor = next;
  }
  return items;
}

function requireId(isOne: boolean): void {
  if (!isOne) throw new PermanentError("invalid_id", "Not an id of Confluence's");
}
