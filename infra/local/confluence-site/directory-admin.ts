import { z } from "zod";
import { command } from "./admin-command.ts";
import { OPERATIONS, type Group } from "./directory.ts";
import {
  addGroup,
  addRole,
  assignRoles,
  deleteGroup,
  deletePerson,
  editGroup,
  putPerson,
  restrictContent,
  setSpaceReaders,
} from "./directory-edits.ts";
import { idOf } from "./admin-target.ts";
import { accountOf, mayView, type Subject } from "./permissions.ts";
import type { Site } from "./site.ts";

const ids = z.array(z.string());
const readers = { users: ids.optional(), groups: ids.optional(), classes: ids.optional() };
const principal = z.strictObject({ type: z.string(), id: z.string() });

/** Without fields that are undefined. */
function given<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as never;
}

/** Commands for who may see what. */
export const directoryCommands = {
  person: command(
    z.strictObject({
      account_id: z.string(),
      display_name: z.string().optional(),
      email: z.email().nullable().optional(),
      status: z.enum(["active", "inactive", "closed"]).optional(),
      type: z.enum(["atlassian", "app"]).optional(),
      guest: z.boolean().optional(),
      groups: ids.optional(),
    }),
    (site, { account_id, display_name: name, guest: isGuest, ...fields }) => ({
      account_id,
      ...putPerson(site, account_id, given({ name, isGuest, ...fields })),
    }),
  ),
  delete_person: command(z.strictObject({ account_id: z.string() }), (site, { account_id }) => {
    deletePerson(site, account_id);
    return {};
  }),
  add_group: command(
    z.strictObject({ name: z.string().min(1), members: ids.optional(), licensed: z.boolean().optional() }),
    (site, { licensed: isLicensed, ...group }) => shownGroup(addGroup(site, given({ isLicensed, ...group }))),
  ),
  edit_group: command(
    z.strictObject({
      group: z.string(),
      members: ids.optional(),
      add: ids.optional(),
      remove: ids.optional(),
      licensed: z.boolean().optional(),
      members_status: z.union([z.literal(200), z.literal(403), z.literal(404)]).optional(),
    }),
    (site, { group, licensed: isLicensed, members_status: membersStatus, ...members }) =>
      shownGroup(editGroup(site, group, given({ isLicensed, membersStatus, ...members }))),
  ),
  delete_group: command(z.strictObject({ group: z.string() }), (site, { group }) => {
    deleteGroup(site, group);
    return {};
  }),
  // Of a page, by its id or by space and title, or of a folder, by its id.
  restriction: command(
    z.strictObject({
      id: z.string().optional(),
      space: z.string().optional(),
      title: z.string().optional(),
      users: ids.optional(),
      groups: ids.optional(),
      operation: z.enum(OPERATIONS).optional(),
      with_account: z.boolean().optional(),
    }),
    (site, { id, space, title, with_account: withAccount, ...restriction }) => {
      const target = id ?? idOf(site, given({ space, title }));
      return { id: target, ...restrictContent(site, target, given({ withAccount, ...restriction })) };
    },
  ),
  space_readers: command(
    z.strictObject({
      key: z.string(),
      ...readers,
      others: z
        .array(
          z.strictObject({
            principal,
            operation: z.strictObject({ key: z.string(), targetType: z.string() }),
          }),
        )
        .optional(),
      with_account: z.boolean().optional(),
    }),
    (site, { key, with_account: withAccount, ...rest }) => ({
      permissions: setSpaceReaders(site, key, given({ withAccount, ...rest })),
    }),
  ),
  add_role: command(z.strictObject({ name: z.string(), permissions: ids }), addRole),
  assign_roles: command(
    z.strictObject({
      key: z.string(),
      roles: z.array(z.strictObject({ role: z.string(), ...readers })),
    }),
    (site, { key, roles }) => {
      assignRoles(site, key, roles.map(given));
      return {};
    },
  ),
};

/** `GET /admin/may_view?id=…&account=…` or `&group=…` or neither, for the public: what the site's rule says. */
export function shownRule(site: Site, query: URLSearchParams): unknown {
  const account = query.get("account");
  const group = query.get("group");
  const subject: Subject =
    account !== null
      ? { type: "user", id: account }
      : group !== null
        ? { type: "group", id: group }
        : { type: "anonymous" };
  return { may_view: mayView(site, subject, query.get("id") ?? "") };
}

export function shownGroup({ members, ...group }: Group): object {
  return { ...group, members: [...members] };
}

export function shownPeople(site: Site): object[] {
  return [...site.people].map(([id, name]) => ({
    account_id: id,
    display_name: name,
    ...accountOf(site, id),
  }));
}
