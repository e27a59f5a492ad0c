import { foundById, pageOf } from "./content.ts";
import {
  DEFAULT_ACCOUNT,
  EVERYBODY_GROUP,
  READ_SPACE,
  ROLE_READS,
  type Account,
  type Operation,
  type Permission,
  type Restriction,
} from "./directory.ts";
import { ACCOUNT_ID, isFolder, isPage, type Folder, type Site, type SitePage, type Space } from "./site.ts";

/** For whom the rule is asked. */
export type Subject = { type: "user" | "group"; id: string } | { type: "anonymous" };

const NONE: Restriction = { users: [], groups: [] };

/**
 * Confluence's rule: who may use the site and read the space sees what passes every view restriction on it and on all that is above it,
 * folders too. What is on a page is seen with the page.
 */
export function mayView(site: Site, subject: Subject, contentId: string): boolean {
  const content = foundById(site, contentId);
  const place = content && (isFolder(content) ? content : pageOf(site, content));
  return place !== undefined && mayViewPlace(site, subject, place);
}

/** The same for a page, blog post or folder. */
export function mayViewPlace(site: Site, subject: Subject, place: SitePage | Folder): boolean {
  const space = site.spaces.get(place.spaceId);
  const who = asSeen(site, subject);
  if (!space || !who || !readsSpace(site, who, space)) return false;
  // Not by a list of ancestors: listings ask this of every page of the site.
  for (let item: SitePage | Folder | undefined = place; item; item = parentOf(site, item))
    if (!passes(site, who, item)) return false;
  return true;
}

export function mayReadSpace(site: Site, subject: Subject, space: Space): boolean {
  const who = asSeen(site, subject);
  return who !== null && readsSpace(site, who, space);
}

/** What is known of an account; null when the site has none of that id. */
export function accountOf(site: Site, id: string): Account | null {
  if (!site.people.has(id)) return null;
  return site.directory.accounts.get(id) ?? DEFAULT_ACCOUNT;
}

/** The restriction on the content itself, of which the site keeps the older switch `visibleTo` as one too. */
export function restrictionOn(site: Site, id: string, operation: Operation): Restriction {
  const page = operation === "read" ? site.pages.get(id) : undefined;
  if (page?.visibleTo === "account") return { users: [ACCOUNT_ID], groups: [] };
  return site.directory.restrictions.get(id)?.[operation] ?? NONE;
}

/** Those of every new space: everybody reads and writes. */
const FIRST_PERMISSIONS: readonly Permission[] = [
  { principal: { type: "group", id: EVERYBODY_GROUP }, operation: READ_SPACE },
  {
    principal: { type: "group", id: EVERYBODY_GROUP },
    operation: { key: "create", targetType: "page" },
  },
  { principal: { type: "user", id: ACCOUNT_ID }, operation: READ_SPACE },
];

/** Who may do what to a space. */
export function permissionsOf(site: Site, space: Space): readonly Permission[] {
  const rows = site.directory.permissions.get(space.id) ?? FIRST_PERMISSIONS;
  if (!site.settings.anonymous_access) return rows;
  return [...rows, { principal: { type: "access-class", id: "ANONYMOUS_USERS" }, operation: READ_SPACE }];
}

/** As whom somebody is let in: who may not use Confluence is nobody in particular, who was deactivated not let in at all. */
function asSeen(site: Site, subject: Subject): Subject | null {
  if (subject.type === "group") return site.directory.groups.has(subject.id) ? subject : null;
  if (subject.type === "anonymous") return subject;
  const account = accountOf(site, subject.id);
  if (account?.status !== "active") return null;
  const mayUse = account.type === "app" || account.isGuest || isLicensed(site, subject);
  return mayUse ? subject : { type: "anonymous" };
}

function readsSpace(site: Site, who: Subject, space: Space): boolean {
  for (const { principal, operation } of permissionsOf(site, space))
    if (isReading(operation) && isOne(site, who, principal)) return true;
  if (["none", "PRE_ROLES"].includes(site.settings.role_mode)) return false;
  return (site.directory.assignments.get(space.id) ?? []).some(
    ({ roleId, principal }) =>
      site.directory.roles.get(roleId)?.permissions.includes(ROLE_READS) && isOne(site, who, principal),
  );
}

function isReading({ key, targetType }: Permission["operation"]): boolean {
  return key === READ_SPACE.key && targetType === READ_SPACE.targetType;
}

/** Whether the subject is the principal or belongs to it. */
function isOne(site: Site, who: Subject, { type, id }: { type: string; id: string }): boolean {
  if (type === "access-class") return isOfClass(site, who, id.toLowerCase().replaceAll("_", "-"));
  if (who.type === "anonymous") return false;
  if (who.type === "group") return type === "group" && id === who.id;
  return type === "group" ? isMember(site, who.id, id) : type === "user" && id === who.id;
}

function isOfClass(site: Site, who: Subject, name: string): boolean {
  if (name === "anonymous-users") return true;
  return name === "all-licensed-users" && isLicensed(site, who);
}

function isLicensed(site: Site, who: Subject): boolean {
  if (who.type === "anonymous") return false;
  if (who.type === "group") return site.directory.groups.get(who.id)?.isLicensed === true;
  if (accountOf(site, who.id)?.isGuest) return false;
  for (const group of site.directory.groups.values())
    if (group.isLicensed && group.members.has(who.id)) return true;
  return false;
}

function isMember(site: Site, accountId: string, groupId: string): boolean {
  return site.directory.groups.get(groupId)?.members.has(accountId) === true;
}

function parentOf(site: Site, { parentId }: SitePage | Folder): SitePage | Folder | undefined {
  return parentId === null ? undefined : (site.pages.get(parentId) ?? site.folders.get(parentId));
}

function passes(site: Site, who: Subject, item: SitePage | Folder): boolean {
  const isSyncing = who.type === "user" && who.id === ACCOUNT_ID;
  if (isPage(item) && item.visibleTo !== "everyone" && !(item.visibleTo === "account" && isSyncing))
    return false;
  const { users, groups } = site.directory.restrictions.get(item.id)?.read ?? NONE;
  if (users.length === 0 && groups.length === 0) return true;
  if (who.type === "anonymous") return false;
  if (who.type === "group") return groups.includes(who.id);
  return users.includes(who.id) || groups.some((id) => isMember(site, who.id, id));
}
