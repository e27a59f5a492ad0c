import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { EVERYBODY_GROUP } from "#infra/local/confluence-site/directory.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { serveTestSite, type ServedSite } from "#test/support/served-confluence-site.ts";

/** How the site shows who may see what, and where it misleads as Confluence does. */
let at: ServedSite;
let page: string;
let spaceId: string;

const USERS_AND_GROUPS = "restrictions.read.restrictions.user,restrictions.read.restrictions.group";
const list = z.object({ results: z.array(z.unknown()), limit: z.number(), size: z.number() });
const offsets = list.extend({ _links: z.object({ next: z.string().optional() }) });
const restriction = z.object({
  restrictions: z.object({
    user: offsets,
    group: list,
  }),
});
const people = (count: number) => Array.from({ length: count }, (_, n) => `person-${n}`);
const byOperation = (id: string, query = "") =>
  at.get(`/wiki/rest/api/content/${id}/restriction/byOperation/read${query}`);
const check = (id: string, type: string, identifier: string) =>
  at.post(`/wiki/rest/api/content/${id}/permission/check`, {
    subject: { type, identifier },
    operation: "read",
  });

beforeEach(async () => {
  at = await serveTestSite();
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p/>" });
  spaceId = at.site.pages.get(page)?.spaceId ?? "";
});

afterEach(() => at.close());

describe("restrictions", () => {
  it("restrictions on reading and on editing are told apart", async () => {
    await at.admin("restriction", { id: page, users: ["ada"], with_account: false, operation: "update" });
    const { json } = await at.get(`/wiki/rest/api/content/${page}/restriction/byOperation`);
    expect(json).toMatchObject({
      read: { restrictions: { user: { results: [] }, group: { results: [] } } },
      update: { restrictions: { user: { results: [{ accountId: "ada" }] } } },
    });
  });

  it("a restricted folder's lists read as empty, by itself and in a search", async () => {
    const folder = await at.admin("add_folder", { space: "DEMO", title: "Inside" });
    await at.admin("restriction", { id: folder, users: ["ada"], groups: ["confluence-users"] });
    const empty = { restrictions: { user: { results: [], size: 0 }, group: { results: [], size: 0 } } };
    expect(await byOperation(folder)).toMatchObject({ status: 200, json: empty });
    const { results } = await at.found("type = folder", { expand: USERS_AND_GROUPS });
    expect(results).toMatchObject([{ id: folder, restrictions: { read: empty } }]);
  });

  it("lists of a restriction are read in parts of 200 at most, with one start for both", async () => {
    const groups = people(3).map((name) => `group-of-${name}`);
    await at.admin("restriction", { id: page, users: people(450), groups });
    const part = async (query: string) =>
      restriction.parse((await byOperation(page, query)).json).restrictions;
    const usual = await part("");
    expect([usual.user.size, usual.user.limit, usual.user._links.next]).toEqual([
      100,
      100,
      expect.any(String),
    ]);
    expect([usual.group.size, usual.group.limit]).toEqual([3, 100]);
    const last = await part("?start=400&limit=1000");
    expect([last.user.size, last.user.limit, last.user._links.next]).toEqual([51, 200, undefined]);
    expect(last.group.size).toBe(0);
  });

  it("a search with restrictions gives at most 100 hits, and 25 users of each, and says no more of it than a link", async () => {
    for (let n = 0; n < 120; n += 1)
      await at.admin("add", { space: "DEMO", title: `Page ${n}`, body: "<p/>" });
    await at.admin("restriction", { id: page, users: people(40) });
    const more = { expand: USERS_AND_GROUPS, limit: "250" };
    const found = await at.found("space = DEMO order by created asc", more);
    expect([found.results.length, found["limit"], typeof found._links.next]).toEqual([100, 250, "string"]);
    const first = z.object({ restrictions: z.object({ read: restriction }) }).parse(found.results[0]);
    const { user } = first.restrictions.read.restrictions;
    expect([user.size, user.limit, typeof user._links.next]).toEqual([25, 25, "string"]);
    expect((await at.found("space = DEMO", { limit: "250" })).results).toHaveLength(121);
    await at.admin("settings", { cut_lists_have: "size" });
    const silent = await at.found(`id = ${page}`, more);
    expect(silent.results).toMatchObject([
      { restrictions: { read: { restrictions: { user: { size: 25, limit: 25, _links: {} } } } } },
    ]);
    expect(JSON.stringify(silent.results)).not.toContain("start=25");
  });

  it.each(["trash", "draft"])(
    "one page in the %s above a hit fails a search of ancestors' restrictions",
    async (why) => {
      const above = await at.admin("add", {
        space: "DEMO",
        title: "Above",
        body: "<p/>",
        draft: why === "draft",
      });
      await at.admin("add", { space: "DEMO", title: "Below", body: "<p/>", parent_id: above });
      if (why === "trash") await at.admin("trash", { id: above, leaves_children: true });
      const search = async (expand: string) =>
        (
          await at.get(
            `/wiki/rest/api/content/search?${new URLSearchParams({ cql: "type = page", expand }).toString()}`,
          )
        ).status;
      expect(await search(`ancestors,${USERS_AND_GROUPS}`)).toBe(200);
      expect(await search("ancestors.restrictions.read.restrictions.user")).toBe(404);
      expect((await byOperation(above)).status).toBe(404);
    },
  );

  it("a deleted group stays in a restriction, with its id or without", async () => {
    const gone = await at.admin("add_group", { name: "gone" });
    await at.admin("restriction", { id: page, groups: ["gone"] });
    await at.admin("delete_group", { group: "gone" });
    const groups = async () => restriction.parse((await byOperation(page)).json).restrictions.group.results;
    expect(await groups()).toMatchObject([{ id: gone }]);
    await at.admin("settings", { deleted_principals: "unnamed" });
    expect(await groups()).toMatchObject([{ id: "" }]);
  });
});

describe("the directory", () => {
  it("groups are listed by name with ids of their own, and members in parts of 200", async () => {
    const group = await at.admin("add_group", { name: "team", members: people(250), licensed: true });
    await at.admin("add_group", { name: "others" });
    const listed = async (query = "") => (await at.listed(`/wiki/rest/api/group${query}`)).results;
    expect((await listed()).map(({ id, name }) => [id === name, name])).toEqual([
      [false, "confluence-users"],
      [false, "others"],
      [false, "team"],
    ]);
    expect((await listed("?accessType=user")).map(({ id }) => id)).toEqual([EVERYBODY_GROUP, group]);
    const { json } = await at.get(`/wiki/rest/api/group/${group}/membersByGroupId?limit=500`);
    expect(json).toMatchObject({
      size: 200,
      limit: 200,
      _links: { next: expect.stringMatching(/^\/rest\/api\/.*start=200/) },
    });
    const rest = await at.get(`/wiki/rest/api/group/${group}/membersByGroupId?start=200`);
    expect(rest.json).toMatchObject({ size: 50 });
  });

  it("a group may be listed and yet its members not be shown", async () => {
    const group = await at.admin("add_group", { name: "system" });
    for (const members_status of [403, 404] as const) {
      await at.admin("edit_group", { group, members_status });
      expect((await at.get(`/wiki/rest/api/group/${group}/membersByGroupId`)).status).toBe(members_status);
    }
    expect((await at.listed("/wiki/rest/api/group")).results).toHaveLength(2);
  });

  it("a person's e-mail, status and kind are shown, and who joins by themselves is licensed", async () => {
    await at.admin("person", { account_id: "ada", display_name: "Ada", email: "ada@example.com" });
    await at.admin("person", { account_id: "gus", guest: true });
    await at.admin("person", { account_id: "bot", type: "app", status: "inactive" });
    const users = await at.post("/wiki/api/v2/users-bulk", { accountIds: ["ada", "gus", "bot", "zoe"] });
    expect(users.json).toMatchObject({
      results: [
        { accountId: "ada", displayName: "Ada", email: "ada@example.com", accountStatus: "active" },
        { accountId: "gus", email: "", isExternalCollaborator: true },
        { accountId: "bot", accountType: "app", accountStatus: "inactive" },
      ],
    });
    const { json } = await at.get("/admin/groups");
    expect(json).toMatchObject({ groups: [{ name: "confluence-users", members: [ACCOUNT_ID, "ada"] }] });
    expect((await at.get("/admin/people")).json).toMatchObject({ people: { length: 4 } });
  });

  it("readers of a space, roles and their assignments are listed as v2 does", async () => {
    await at.admin("space_readers", {
      key: "DEMO",
      users: ["ada"],
      classes: ["ALL_LICENSED_USERS"],
      with_account: false,
    });
    const read = { key: "read", targetType: "space" };
    expect((await at.listed(`/wiki/api/v2/spaces/${spaceId}/permissions`)).results).toEqual([
      { id: "1", principal: { type: "user", id: "ada" }, operation: read },
      { id: "2", principal: { type: "access-class", id: "ALL_LICENSED_USERS" }, operation: read },
    ]);
    await at.admin("assign_roles", {
      key: "DEMO",
      roles: [{ role: "Viewer", classes: ["all-licensed-users"] }],
    });
    const { json } = await at.get(`/wiki/api/v2/spaces/${spaceId}/role-assignments`);
    expect(json).toMatchObject({
      results: [{ principal: { principalType: "ACCESS_CLASS", principalId: "all-licensed-users" } }],
    });
    await at.admin("settings", { role_mode: "none" });
    for (const path of ["space-role-mode", "space-roles", `spaces/${spaceId}/role-assignments`])
      expect((await at.get(`/wiki/api/v2/${path}`)).status).toBe(404);
    await at.admin("space", { key: "DEMO", visible: false });
    expect((await at.get(`/wiki/api/v2/spaces/${spaceId}/permissions`)).status).toBe(404);
  });
});

describe("permission checks", () => {
  it("who may see content is told for users, groups and the public, to an administrator only", async () => {
    await at.admin("person", { account_id: "ada" });
    await at.admin("space_readers", { key: "DEMO", groups: ["confluence-users"] });
    const answers = async (id: string) => {
      const replies = [
        await check(id, "user", "ada"),
        await check(id, "group", EVERYBODY_GROUP),
        await check(id, "user", "anonymous"),
        await check(id, "user", ACCOUNT_ID),
      ];
      return replies.map(
        ({ status, json }) =>
          z.object({ hasPermission: z.boolean() }).safeParse(json).data?.hasPermission ?? status,
      );
    };
    expect(await answers(page)).toEqual([true, true, false, true]);
    const folder = await at.admin("add_folder", { space: "DEMO", title: "Inside" });
    await at.admin("restriction", { id: folder, users: ["ada"] });
    expect(await answers(folder)).toEqual([true, false, false, true]);
    await at.admin("settings", { folder_checks: false });
    expect(await answers(folder)).toEqual([404, 404, 404, 404]);
    await at.admin("settings", { administrator: false });
    expect(await answers(page)).toEqual([403, 403, 403, true]);
    await at.admin("settings", { administrator: true });
    await at.admin("restriction", { id: page, users: ["ada"], with_account: false });
    expect((await check(page, "user", "ada")).status).toBe(404);
    expect((await check(page, "team", "ada")).status).toBe(400);
  });
});

describe("faults", () => {
  const paths = () => [
    `/wiki/rest/api/content/${page}/restriction/byOperation/read`,
    "/wiki/rest/api/group",
    `/wiki/rest/api/group/${EVERYBODY_GROUP}/membersByGroupId`,
    `/wiki/api/v2/spaces/${spaceId}/permissions`,
    "/wiki/api/v2/space-role-mode",
    "/wiki/api/v2/space-roles",
    `/wiki/api/v2/spaces/${spaceId}/role-assignments`,
  ];

  it("each call for rights fails as it is told to, once", async () => {
    for (const path of paths()) {
      for (const status of [403, 404, 500]) {
        await at.admin("fault", { effect: "status", status, path });
        expect([path, (await at.get(path)).status]).toEqual([path, status]);
      }
      await at.admin("fault", { effect: "rate_limit", path });
      expect((await at.get(path)).status).toBe(429);
      await at.admin("fault", { effect: "cut_body", path });
      await expect(at.get(path)).rejects.toThrow(TypeError);
      expect((await at.get(path)).status).toBe(200);
    }
    await at.admin("fault", { effect: "status", status: 500, path: "permission/check" });
    expect((await check(page, "user", ACCOUNT_ID)).status).toBe(500);
  });

  it("a list may lack its last items, or the link to the next, without saying so", async () => {
    await at.admin("restriction", { id: page, users: people(150), groups: ["confluence-users", "others"] });
    await at.admin("edit_group", { group: "confluence-users", add: people(300) });
    const members = `/wiki/rest/api/group/${EVERYBODY_GROUP}/membersByGroupId`;
    await at.admin("fault", { effect: "short_list", lacks: 1, path: "/restriction/" });
    const short = restriction.parse((await byOperation(page)).json).restrictions;
    expect([short.user.results.length, short.user._links, short.group.results.length]).toEqual([99, {}, 1]);
    const read = async () => offsets.parse((await at.get(members)).json);
    await at.admin("fault", { effect: "short_list", lacks: 10, path: members });
    const cut = await read();
    expect([cut.results.length, cut._links.next]).toEqual([190, undefined]);
    await at.admin("fault", { effect: "drop_next", path: members });
    const dropped = await read();
    expect([dropped.results.length, dropped._links.next]).toEqual([200, undefined]);
    expect((await read())._links.next).toContain("start=200");
    await at.admin("fault", { effect: "empty_listing", path: "/permissions" });
    expect((await at.listed(`/wiki/api/v2/spaces/${spaceId}/permissions`)).results).toEqual([]);
  });
});
