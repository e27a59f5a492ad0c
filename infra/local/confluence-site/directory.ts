/** People and what they may see, as the site keeps it; `permissions.ts` is the rule. */
export type Directory = {
  /** What is known of people by account id; of those who are not here: DEFAULT_ACCOUNT. */
  readonly accounts: Map<string, Account>;
  readonly groups: Map<string, Group>;
  readonly roles: Map<string, Role>;
  /** By id of a page, blog post, folder or the like. What has none is open. */
  readonly restrictions: Map<string, Record<Operation, Restriction>>;
  /** By id of the space; a space without has those that every space begins with. */
  readonly permissions: Map<string, Permission[]>;
  /** By id of the space. */
  readonly assignments: Map<string, RoleAssignment[]>;
};

export type Account = {
  /** Null: hidden by its owner. */
  email: string | null;
  status: "active" | "inactive" | "closed";
  type: "atlassian" | "app";
  isGuest: boolean;
};

export const DEFAULT_ACCOUNT: Account = {
  email: null,
  status: "active",
  type: "atlassian",
  isGuest: false,
};

export type Group = {
  id: string;
  name: string;
  /** Account ids. */
  members: Set<string>;
  /** Its members may use Confluence. */
  isLicensed: boolean;
  /** What a request for its members gets: some system groups are listed only. */
  membersStatus: 200 | 403 | 404;
};

/** What a restriction is about: only the first is inherited. */
export const OPERATIONS = ["read", "update"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Nobody named: there is none. Ids of groups and accounts that were deleted stay in it. */
export type Restriction = { users: string[]; groups: string[] };

/** Who may do what to a space, as v2 writes it; types and ids of principals are its words, unknown ones too. */
export type Permission = {
  principal: { type: string; id: string };
  operation: { key: string; targetType: string };
};

export type Role = { id: string; name: string; type: "SYSTEM" | "CUSTOM"; permissions: string[] };

export type RoleAssignment = { roleId: string; principal: { type: string; id: string } };

export const READ_SPACE = { key: "read", targetType: "space" };
/** The same among the permissions of a role. */
export const ROLE_READS = "read/space";

/** The group of all who may use Confluence, when nobody says otherwise. */
export const EVERYBODY_GROUP = "3c8b1d52-6e0f-4a97-8d24-b75e90f1ac36";

const SYSTEM_ROLES: [string, string, string[]][] = [
  ["9d1f0001-52c4-4b0e-8f6a-1e7d3c5b9a01", "Admin", [ROLE_READS, "create/page", "administer/space"]],
  ["9d1f0002-52c4-4b0e-8f6a-1e7d3c5b9a02", "Manager", [ROLE_READS, "create/page", "delete/page"]],
  ["9d1f0003-52c4-4b0e-8f6a-1e7d3c5b9a03", "Collaborator", [ROLE_READS, "create/page", "create/comment"]],
  ["9d1f0004-52c4-4b0e-8f6a-1e7d3c5b9a04", "Viewer", [ROLE_READS]],
];

/** A directory with one group, of the given account, and the roles that every site has. */
export function createDirectory(accountId: string): Directory {
  const everybody: Group = {
    id: EVERYBODY_GROUP,
    name: "confluence-users",
    members: new Set([accountId]),
    isLicensed: true,
    membersStatus: 200,
  };
  return {
    accounts: new Map(),
    groups: new Map([[everybody.id, everybody]]),
    roles: new Map(
      SYSTEM_ROLES.map(([id, name, permissions]) => [id, { id, name, type: "SYSTEM", permissions }]),
    ),
    restrictions: new Map(),
    permissions: new Map(),
    assignments: new Map(),
  };
}
