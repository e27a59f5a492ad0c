import { describe, expect, it } from "vitest";
import { addRole, assignRoles, setSpaceReaders } from "#infra/local/confluence-site/directory-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { changing, clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const SPACE = "98305";

/** A client whose network gives these answers. */
function answered(...answers: Answer[]) {
  const network = answeredRequests(...answers);
  const parametersOf = (call: number) =>
    Object.fromEntries(new URL(network.sent[call]?.url ?? "").searchParams);
  const starts = () => network.sent.map((_, call) => parametersOf(call)["start"]);
  return {
    ...network,
    parametersOf,
    starts,
    client: clientOf(makeTestSite().site, { fetch: network.fetch }),
  };
}

const list = (results: unknown[], next?: string) => ({ results, _links: next ? { next } : {} });
const named = (...ids: string[]) => ids.map((accountId) => ({ accountId }));
const restriction = (user: object, group: object): Answer => ({ body: { restrictions: { user, group } } });

describe("lists that continue by a start", () => {
  it("a list that names no next start continues after what it gave", async () => {
    const full = Array.from({ length: 200 }, (_, n) => ({ accountId: `p${n}` }));
    const { client, starts, parametersOf } = answered({ body: list(full) }, { body: list(named("last")) });
    expect(await client.groupMembers("g1")).toHaveLength(201);
    expect(starts()).toEqual(["0", "200"]);
    expect(parametersOf(0)["limit"]).toBe("200");
  });

  it("members and groups without an id are left out, and each is named once", async () => {
    const members = answered({
      body: list([{ accountId: "bo" }, {}, { accountId: "ada" }, { accountId: "bo" }]),
    });
    expect(await members.client.groupMembers("g1")).toEqual(["ada", "bo"]);
    const groups = answered({ body: list([{ id: "g2" }, { name: "gone" }, { id: "g1" }, { id: "g2" }]) });
    expect(await groups.client.licensedGroups()).toEqual(["g1", "g2"]);
    expect(groups.parametersOf(0)).toEqual({ accessType: "user", start: "0", limit: "200" });
  });

  it("two lists of one restriction continue where the first of them does, until both have ended", async () => {
    const { client, starts } = answered(
      restriction(list(named("a"), "/x?start=100"), list([{ id: "g1" }], "/x?start=50")),
      restriction(list(named("b")), list([{ id: "g2" }], "/x?start=90")),
      restriction(list(named("c")), list([])),
    );
    expect(await client.viewRestriction("10")).toEqual({ users: ["a", "b", "c"], groups: ["g1", "g2"] });
    expect(starts()).toEqual(["0", "50", "90"]);
  });

  it("pages without items may come in between", async () => {
    const { client, starts } = answered(
      { body: list(named("a"), "/x?start=10") },
      { body: list([], "/x?start=20") },
      { body: list([], "/x?start=30") },
      { body: list(named("b")) },
    );
    expect(await client.groupMembers("g1")).toEqual(["a", "b"]);
    expect(starts()).toEqual(["0", "10", "20", "30"]);
  });

  it("a list whose page comes again, at another start, never ends", async () => {
    const { client, sent } = answered(
      { body: list(named("a"), "/x?start=10") },
      { body: list(named("b"), "/x?start=20") },
      { body: list(named("b")) },
    );
    await expect(client.groupMembers("g1")).rejects.toMatchObject({
      name: "PermanentError",
      code: "invalid_answer",
    });
    expect(sent).toHaveLength(3);
  });

  it("a list of ever more empty pages is given up", async () => {
    const { client, sent } = answered({ body: list([], "/x") });
    await expect(client.groupMembers("g1")).rejects.toMatchObject({ code: "invalid_answer" });
    expect(sent).toHaveLength(1001);
  });
});

describe("rights that a search finds", () => {
  it("hits that cannot be read are counted, and the others returned", async () => {
    const { client, parametersOf } = answered({ body: list([{ id: "1", type: "page" }, { id: "x" }]) });
    expect(await client.searchRights("type = page", null)).toMatchObject({
      contents: [{ id: "1", type: "page" }],
      skipped: 1,
      next: null,
    });
    expect(client.drift()).toMatchObject({ skipped: 1 });
    expect(parametersOf(0)).toEqual({
      cql: "type = page",
      expand: "space,ancestors,restrictions.read.restrictions.user,restrictions.read.restrictions.group",
      limit: "250",
    });
  });
});

describe("roles of a space", () => {
  it("roles of a space are asked for where the site has some, in whichever mode it says", async () => {
    const role = { id: "r1", spacePermissions: ["read/space"] };
    const rolesOf = (mode: string, ...roles: unknown[]) =>
      answered({ body: { mode } }, { body: list(roles) }).client.spaceRoles();
    expect(await rolesOf("ROLES", role, {})).toEqual([
      { id: "r1", permissions: ["read/space"] },
      { id: null, permissions: null },
    ]);
    expect(await rolesOf("NOVELTY")).toEqual([]);
    expect(await rolesOf("PRE_ROLES", role)).toBeNull();
  });

  it.each([
    [404, null],
    [403, null],
    [501, null],
  ])("roles of a space are unknown to a site that answers %i", async (status, expected) => {
    expect(await answered({ status }).client.spaceRoles()).toBe(expected);
  });

  it.each([
    [401, "credentials_rejected"],
    [400, "request_refused"],
    [500, "confluence_failed"],
    [502, "confluence_failed"],
  ])("roles of a space are not taken for unknown because of a %i", async (status, code) => {
    await expect(answered({ status }).client.spaceRoles()).rejects.toMatchObject({ code });
  });

  it("roles of a space are an error where a cursor comes back", async () => {
    const page = (cursor: string) => ({ body: list([], `/wiki/api/v2/space-roles?cursor=${cursor}`) });
    const { client, sent } = answered({ body: { mode: "ROLES" } }, page("a"), page("b"), page("a"));
    await expect(client.spaceRoles()).rejects.toMatchObject({ code: "invalid_answer" });
    expect(sent).toHaveLength(4);
  });

  it("a role without an id grants nothing to those whose assignment names none", async () => {
    const { client } = answered(
      { body: list([]) },
      { body: list([{ principal: { principalType: "USER", principalId: "bo" } }]) },
    );
    const roles = [{ id: null, permissions: ["read/space"] }];
    expect(await client.spaceReaders(SPACE, roles)).toEqual({
      users: [],
      groups: [],
      classes: [],
      unknown: ["role without an id"],
    });
  });

  it("a role that does not say what it permits grants nothing, and is named", async () => {
    const { site } = makeTestSite({ settings: { role_mode: "ROLES" } });
    setSpaceReaders(site, "DEMO", { withAccount: false });
    addRole(site, { name: "Reader", permissions: ["read/space"] });
    assignRoles(site, "DEMO", [{ role: "Reader", users: ["ada", ACCOUNT_ID] }]);
    const silent = changing(fetchFrom(site), (text) =>
      text.replaceAll('"spacePermissions":["read/space"]', '"x":1'),
    );
    const readers = async (client: ReturnType<typeof clientOf>) =>
      client.spaceReaders(SPACE, await client.spaceRoles());
    expect(await readers(clientOf(site))).toMatchObject({ users: ["ada", ACCOUNT_ID].sort(), unknown: [] });
    expect(await readers(clientOf(site, { fetch: silent }))).toMatchObject({
      users: [],
      unknown: [expect.stringMatching(/^role /)],
    });
  });

  it("a permission without a principal, and an assignment without one, let nobody in", async () => {
    const operation = { key: "read", targetType: "space" };
    const { client } = answered(
      { body: list([{ operation }, { operation, principal: { type: "ROLE", id: "r1" } }]) },
      { body: list([{ roleId: "r1" }]) },
    );
    const readers = await client.spaceReaders(SPACE, [{ id: "r1", permissions: ["read/space"] }]);
    expect(readers).toEqual({ users: [], groups: [], classes: [], unknown: ["principal without an id"] });
  });
});

describe("accounts of the directory", () => {
  it("accounts of the directory are asked for 250 at a time, each once; what has no id is not asked for", async () => {
    const ids = Array.from({ length: 251 }, (_, n) => `p${n}`);
    const { client, sent } = answered({ body: list([]) });
    expect(await client.accounts(["a/b", ...ids, "p0", ""])).toEqual([]);
    const asked = sent.map(({ body }) => (JSON.parse(body ?? "") as { accountIds: string[] }).accountIds);
    expect(asked).toEqual([ids.slice(0, 250), ["p250"]]);
  });

  it("accounts of the directory are guests if they are said to be, or if that cannot be read", async () => {
    const account = (accountId: string, more: object) => ({ accountId, accountStatus: "active", ...more });
    const { client } = answered({
      body: list([
        account("ada", { isExternalCollaborator: false, isGuest: false, email: "" }),
        account("bo", { isExternalCollaborator: true }),
        account("cy", { isGuest: true }),
        account("dee", { isGuest: "no" }),
        account("eve", { isExternalCollaborator: null }),
        { accountId: "../x" },
      ]),
    });
    const accounts = await client.accounts(["ada", "bo", "cy", "dee", "eve"]);
    expect(accounts.map(({ accountId, isGuest, email }) => [accountId, isGuest, email])).toEqual([
      ["ada", false, null],
      ["bo", true, null],
      ["cy", true, null],
      ["dee", true, null],
      ["eve", false, null],
    ]);
    expect(client.drift()).toMatchObject({ skipped: 1 });
  });
});

describe("whether somebody may see content", () => {
  it.each([
    [{ type: "anonymous" }, { type: "user", identifier: "anonymous" }],
    [
      { type: "user", id: "ada" },
      { type: "user", identifier: "ada" },
    ],
    [
      { type: "group", id: "g1" },
      { type: "group", identifier: "g1" },
    ],
  ] as const)(
    "whether somebody may see content is asked of the permission to read, for %j",
    async (subject, asked) => {
      const { client, sent } = answered({ body: { hasPermission: false } });
      expect(await client.isPermitted("10", subject)).toBe(false);
      expect(new URL(sent[0]?.url ?? "").pathname).toBe("/wiki/rest/api/content/10/permission/check");
      expect(JSON.parse(sent[0]?.body ?? "")).toEqual({ subject: asked, operation: "read" });
    },
  );

  it("whether somebody may see content is not asked of what has no id, and an answer that says nothing is an error", async () => {
    const { client, sent } = answered({ body: {} });
    await expect(client.isPermitted("../x", { type: "anonymous" })).rejects.toMatchObject({
      code: "invalid_id",
    });
    expect(sent).toEqual([]);
    await expect(client.isPermitted("att10", { type: "anonymous" })).rejects.toMatchObject({
      code: "invalid_answer",
    });
  });
});
