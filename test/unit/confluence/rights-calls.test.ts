import { describe, expect, it } from "vitest";
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
} from "#infra/local/confluence-site/directory-edits.ts";
import { EVERYBODY_GROUP } from "#infra/local/confluence-site/directory.ts";
import { addFolder, addPage } from "#infra/local/confluence-site/edits.ts";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { SiteSettings } from "#infra/local/confluence-site/settings.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { changing, clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const SPACE = "98305";
const CQL = "type in (page, blogpost, folder) order by created asc";

/** A site with Ada and Bo, and its client. */
function world(settings: Partial<SiteSettings> = {}) {
  const { site } = makeTestSite({ settings });
  for (const id of ["ada", "bo"]) putPerson(site, id);
  const page = (title: string, more: { parentId?: string; kind?: "blogpost" } = {}) =>
    addPage(site, { space: "DEMO", title, body: "<p/>", ...more }).id;
  const fault = (path: string, status: number) =>
    site.faults.push({ effect: "status", status, retry_after: null, path, skip: 0, times: 10 });
  return { site, page, fault, client: clientOf(site) };
}

const people = (count: number) => Array.from({ length: count }, (_, n) => `person-${n}`);
/** Those and the account that syncs, in the client's order. */
const withAccount = (...ids: string[]) => [...ids, ACCOUNT_ID].sort();

describe("restrictions that come with a search", () => {
  it("a search for rights returns content of every type with its place and its own restriction", async () => {
    const { site, page, client } = world();
    const team = addGroup(site, { name: "team" });
    const folder = addFolder(site, { space: "DEMO", title: "Folder" }).id;
    const above = page("Above", { parentId: folder });
    const below = page("Below", { parentId: above });
    const post = page("Post", { kind: "blogpost" });
    restrictContent(site, above, { users: ["ada"], groups: ["team"] });
    restrictContent(site, below, { users: ["bo"], operation: "update" });
    const { contents, skipped, next } = await client.searchRights(CQL, null);
    const open = { users: [], groups: [] };
    const folderAbove = { id: folder, type: "folder" };
    expect({ contents, skipped, next }).toEqual({
      contents: [
        { id: folder, type: "folder", spaceKey: "DEMO", ancestors: [], restriction: open },
        {
          id: above,
          type: "page",
          spaceKey: "DEMO",
          ancestors: [folderAbove],
          restriction: { users: withAccount("ada"), groups: [team.id] },
        },
        {
          id: below,
          type: "page",
          spaceKey: "DEMO",
          ancestors: [folderAbove, { id: above, type: "page" }],
          restriction: open,
        },
        { id: post, type: "blogpost", spaceKey: "DEMO", ancestors: [], restriction: open },
      ],
      skipped: 0,
      next: null,
    });
  });

  it("a listing of changes has rights when they are asked for, and none otherwise", async () => {
    const { site, page, client } = world();
    const id = page("Plan");
    restrictContent(site, id, { users: ["ada"] });
    const search = async (options?: { rights: boolean }) =>
      (await client.searchContent("type = page", null, ["page", "comments"], options)).pages;
    expect(await search({ rights: true })).toMatchObject([
      { id, rights: { ancestors: [], restriction: { users: withAccount("ada"), groups: [] } } },
    ]);
    expect(await search()).toMatchObject([{ id, rights: null }]);
    const asked = site.requests.map(({ query }) => query.includes("restrictions"));
    expect(asked).toEqual([true, false]);
    expect((await client.listPages("page", SPACE, null)).pages).toMatchObject([{ id, rights: null }]);
  });

  it.each(["next", "size"] as const)(
    "a list of users that is cut, as its %s says, leaves the restriction to be read alone",
    async (cut_lists_have) => {
      const { site, page, client } = world({ embedded_principals: 25, cut_lists_have });
      const [cut, whole] = [page("Cut"), page("Whole")];
      restrictContent(site, cut, { users: people(201) });
      restrictContent(site, whole, { users: people(23) });
      const { contents } = await client.searchRights("type = page order by created asc", null);
      expect(contents.map(({ id, restriction }) => [id, restriction?.users.length ?? null])).toEqual([
        [cut, null],
        [whole, 24],
      ]);
      expect(await client.viewRestriction(cut)).toEqual({ users: withAccount(...people(201)), groups: [] });
    },
  );

  it.each([
    ['"limit":24,', '"limit":240,'],
    [
      '"size":3,"_links":{"next":"/rest/api/content/98306/restriction/byOperation/read/user?start=3&limit=3"}',
      '"size":4',
    ],
  ])(
    "a list with room left that says there is more (%s becomes %s) is not taken for whole",
    async (from, to) => {
      const { site, page } = world({ embedded_principals: from.includes("24") ? 24 : 3 });
      restrictContent(site, page("Plan"), { users: people(40) });
      const fetch = changing(fetchFrom(site), (text) =>
        text.replace(from, to).replace('"limit":3', '"limit":30'),
      );
      const { contents } = await clientOf(site, { fetch }).searchRights("type = page", null);
      expect(contents).toMatchObject([{ restriction: null }]);
    },
  );

  it("a page whose hit lacks its title has its rights all the same", async () => {
    const { site, page } = world();
    const id = page("Plan");
    const fetch = changing(fetchFrom(site), (text) => text.replace('"title":"Plan"', '"title":null'));
    const client = clientOf(site, { fetch });
    const { pages } = await client.searchContent("type = page", null, ["page"], { rights: true });
    expect(pages).toMatchObject([
      { id, status: "unreadable", rights: { ancestors: [], restriction: { users: [] } } },
    ]);
  });

  it("a list of groups that fills its page leaves the restriction to be read alone", async () => {
    const { site, page, client } = world({ embedded_principals: 3 });
    const groups = ["g1", "g2", "g3"].map((name) => addGroup(site, { name }).id);
    const id = page("Plan");
    restrictContent(site, id, { groups });
    expect((await client.searchRights("type = page", null)).contents).toMatchObject([{ restriction: null }]);
    expect(await client.viewRestriction(id)).toEqual({ users: [ACCOUNT_ID], groups: groups.toSorted() });
  });

  it("a hit without restrictions, or with half of them, is not one without a restriction", async () => {
    const { site, page, client: _ } = world();
    page("Plan");
    const search = async (change: (text: string) => string) =>
      (await clientOf(site, { fetch: changing(fetchFrom(site), change) }).searchRights("type = page", null))
        .contents;
    for (const [from, to] of [
      ['"restrictions":{"read"', '"restrictions":{"write"'],
      ['"group":{"results"', '"grp":{"results"'],
      ['"user":{"results":[]', '"user":{"results":null'],
    ] as const) {
      expect(await search((text) => text.replace(from, to))).toMatchObject([{ restriction: null }]);
    }
    expect(await search((text) => text.replace('"ancestors":[]', '"ancestors":"none"'))).toMatchObject([
      { ancestors: null, restriction: { users: [], groups: [] } },
    ]);
  });

  it("a search with restrictions that the site cuts to 100 hits continues until all were read", async () => {
    const { page, client } = world();
    for (let n = 0; n < 230; n += 1) page(`Page ${n}`);
    const sizes: number[] = [];
    const ids = new Set<string>();
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const { contents, next }: Awaited<ReturnType<typeof client.searchRights>> = await client.searchRights(
        CQL,
        cursor,
      );
      sizes.push(contents.length);
      for (const { id } of contents) ids.add(id);
      cursor = next;
    }
    expect([sizes, ids.size]).toEqual([[100, 100, 30], 230]);
  });

  it("a page under one in the trash is found, for the restrictions of ancestors are not asked for", async () => {
    const { site, page, client } = world();
    const trashed = page("Trashed");
    const below = page("Below", { parentId: trashed });
    const other = page("Other");
    trashPage(site, trashed, { leavesChildren: true });
    const { contents } = await client.searchRights("type = page order by created asc", null);
    expect(contents).toMatchObject([{ id: below, ancestors: [{ id: trashed }] }, { id: other }]);
    await expect(client.viewRestriction(trashed)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a view restriction by itself", () => {
  it("principals that no longer exist, or have no id, keep the restriction from looking empty", async () => {
    for (const deleted_principals of ["named", "unnamed"] as const) {
      const { site, page, client } = world({ deleted_principals });
      const gone = addGroup(site, { name: "gone" }).id;
      const id = page("Plan");
      restrictContent(site, id, { users: ["bo"], groups: ["gone"] });
      deleteGroup(site, "gone");
      deletePerson(site, "bo");
      const expected =
        deleted_principals === "named"
          ? { users: withAccount("bo"), groups: [gone] }
          : { users: withAccount("unknown"), groups: [] };
      expect(await client.viewRestriction(id)).toEqual(expected);
      expect((await client.searchRights("type = page", null)).contents).toMatchObject([
        { restriction: expected },
      ]);
    }
  });

  it("a group without an id alone keeps the restriction closed", async () => {
    const { site, page, client } = world({ deleted_principals: "unnamed" });
    const id = page("Plan");
    addGroup(site, { name: "gone" });
    restrictContent(site, id, { groups: ["gone"] });
    deleteGroup(site, "gone");
    expect(await client.viewRestriction(id)).toEqual({ users: withAccount("unknown"), groups: [] });
  });

  it("a restriction that cannot be read, or lacks a list, is an error and never empty", async () => {
    const { site, page, fault, client } = world();
    const id = page("Plan");
    for (const [status, code] of [
      [403, "forbidden"],
      [404, "not_found"],
      [500, "confluence_failed"],
      [429, "rate_limited"],
    ] as const) {
      fault("/restriction/byOperation/read", status);
      await expect(clientOf(site).viewRestriction(id)).rejects.toMatchObject({ code });
      site.faults.length = 0;
    }
    const half = clientOf(site, {
      fetch: changing(fetchFrom(site), (text) => text.replace('"group":{', '"groups":{')),
    });
    await expect(half.viewRestriction(id)).rejects.toMatchObject({ code: "invalid_answer" });
    await expect(client.viewRestriction("../x")).rejects.toMatchObject({ code: "invalid_id" });
  });

  it("a list that begins anew with each page is an error", async () => {
    const { site, page } = world();
    const id = page("Plan");
    restrictContent(site, id, { users: people(450) });
    const client = clientOf(site, {
      fetch: async (url, init) => fetchFrom(site)(url.replace(/start=\d+/, "start=0"), init),
    });
    await expect(client.viewRestriction(id)).rejects.toMatchObject({ code: "invalid_answer" });
    expect(site.requests).toHaveLength(2);
    expect((await clientOf(site).viewRestriction(id)).users).toHaveLength(451);
  });
});

async function readersOf(client: ConfluenceClient, spaceId = SPACE) {
  return client.spaceReaders(spaceId, await client.spaceRoles());
}

describe("readers of a space", () => {
  const empty = { users: [], groups: [], classes: [], unknown: [] };

  it("only the permission to read the space counts, and unknown classes and types let nobody in", async () => {
    const { site, client } = world();
    const staff = addGroup(site, { name: "staff" }).id;
    const creates = { key: "create", targetType: "page" };
    const read = { key: "read", targetType: "space" };
    setSpaceReaders(site, "DEMO", {
      users: ["ada"],
      groups: ["staff"],
      classes: ["ALL_LICENSED_USERS", "ANONYMOUS_USERS", "ALL_PRODUCT_ADMINS", "authenticated-users"],
      others: [
        { principal: { type: "user", id: "bo" }, operation: creates },
        { principal: { type: "user", id: "bo" }, operation: { key: "administer", targetType: "space" } },
        { principal: { type: "user", id: "bo" }, operation: { key: "read", targetType: "page" } },
        { principal: { type: "role", id: "some-role" }, operation: read },
        { principal: { type: "team", id: "red" }, operation: read },
      ],
    });
    expect(await readersOf(client)).toEqual({
      users: withAccount("ada"),
      groups: [staff],
      classes: ["all-licensed", "anonymous"],
      unknown: [
        "access-class ALL_PRODUCT_ADMINS",
        "access-class authenticated-users",
        "role some-role",
        "team red",
      ],
    });
  });

  it("a role counts where its permissions hold reading the space, whatever its name", async () => {
    const { site, client } = world({ role_mode: "ROLES" });
    const others = [
      { principal: { type: "role", id: "of-assignments" }, operation: { key: "read", targetType: "space" } },
    ];
    setSpaceReaders(site, "DEMO", { withAccount: false, others });
    addRole(site, { name: "Reader", permissions: ["create/comment"] });
    addRole(site, { name: "Odd job", permissions: ["read/space"] });
    const staff = addGroup(site, { name: "staff" }).id;
    assignRoles(site, "DEMO", [
      { role: "Viewer", groups: ["staff"], classes: ["all-licensed-users", "jsm-project-admins"] },
      { role: "Reader", users: ["bo"] },
      { role: "Odd job", users: ["ada", ACCOUNT_ID] },
      { role: "never-heard-of", users: ["bo"] },
    ]);
    expect(await readersOf(client)).toEqual({
      users: withAccount("ada"),
      groups: [staff],
      classes: ["all-licensed"],
      unknown: ["access-class jsm-project-admins", "role never-heard-of"],
    });
    site.settings.role_mode = "PRE_ROLES";
    setSpaceReaders(site, "DEMO", {});
    expect(await readersOf(client)).toEqual({ ...empty, users: [ACCOUNT_ID] });
  });

  it("a site without roles is read by its permissions; one that fails to say is an error", async () => {
    const { site, fault, client } = world({ role_mode: "none" });
    const readers = { ...empty, users: [ACCOUNT_ID], groups: [EVERYBODY_GROUP] };
    expect(await readersOf(client)).toEqual(readers);
    for (const status of [403, 501]) {
      fault("/space-role-mode", status);
      expect(await readersOf(client)).toEqual(readers);
      site.faults.length = 0;
    }
    site.settings.role_mode = "ROLES";
    for (const path of ["/permissions", "/space-role-mode", "/space-roles", "/role-assignments"]) {
      fault(path, 500);
      await expect(readersOf(client)).rejects.toMatchObject({ code: "confluence_failed" });
      site.faults.length = 0;
    }
    await expect(readersOf(client, "99")).rejects.toMatchObject({ code: "not_found" });
  });

  it("more permissions and roles than one response holds are all read", async () => {
    const { site, client } = world({ max_page_size: 10, role_mode: "ROLES_TRANSITION" });
    setSpaceReaders(site, "DEMO", { users: people(33) });
    for (let n = 0; n < 12; n += 1) addRole(site, { name: `Role ${n}`, permissions: ["read/space"] });
    assignRoles(
      site,
      "DEMO",
      people(12).map((id, n) => ({ role: `Role ${n}`, users: [`holder-${id}`] })),
    );
    const { users, unknown } = await readersOf(client);
    expect([users.length, unknown]).toEqual([46, []]);
  });
});

describe("the directory", () => {
  it("licensed groups are told by what they may use, not by name, and members are read in parts", async () => {
    const { site, client } = world();
    addGroup(site, { name: "friends" });
    const more = addGroup(site, { name: "zebra", isLicensed: true, members: people(450) }).id;
    expect(await client.licensedGroups()).toEqual([EVERYBODY_GROUP, more].sort());
    expect(await client.groupMembers(more)).toEqual(people(450).sort());
    const requests = site.requests.filter(({ path }) => path.endsWith("membersByGroupId"));
    expect(requests).toHaveLength(3);
  });

  it("a group whose members are not shown is an error", async () => {
    const { site, client } = world();
    const { id } = addGroup(site, { name: "system" });
    for (const [membersStatus, code] of [
      [404, "not_found"],
      [403, "forbidden"],
    ] as const) {
      editGroup(site, "system", { membersStatus });
      await expect(client.groupMembers(id)).rejects.toMatchObject({ code });
    }
    await expect(client.groupMembers("a/b")).rejects.toMatchObject({ code: "invalid_id" });
  });

  it("accounts have e-mail, unless it is hidden, status and kind; unknown ones are absent", async () => {
    const { site, client } = world();
    putPerson(site, "ada", { email: "ada@example.com" });
    putPerson(site, "bo", { status: "inactive" });
    putPerson(site, "gus", { isGuest: true });
    expect(await client.accounts(["ada", "bo", "gus", "nobody", "unknown", "../x"])).toEqual([
      { accountId: "ada", email: "ada@example.com", isActive: true, isGuest: false },
      { accountId: "bo", email: null, isActive: false, isGuest: false },
      { accountId: "gus", email: null, isActive: true, isGuest: true },
    ]);
    const silent = clientOf(site, {
      fetch: changing(fetchFrom(site), (text) => text.replaceAll('"accountStatus":"active",', "")),
    });
    expect(await silent.accounts(["ada"])).toMatchObject([{ isActive: false }]);
  });
});

describe("what somebody may see", () => {
  it("the account asks for users, groups and the public, on folders too", async () => {
    const { site, page, client } = world();
    const folder = addFolder(site, { space: "DEMO", title: "Folder" }).id;
    const id = page("Plan", { parentId: folder });
    const staff = addGroup(site, { name: "staff", members: ["ada"] }).id;
    restrictContent(site, folder, { groups: ["staff"] });
    const ask = async (content: string) =>
      Promise.all([
        client.isPermitted(content, { type: "user", id: "ada" }),
        client.isPermitted(content, { type: "user", id: "bo" }),
        client.isPermitted(content, { type: "group", id: EVERYBODY_GROUP }),
        client.isPermitted(content, { type: "anonymous" }),
      ]);
    expect(await ask(folder)).toEqual([true, false, false, false]);
    expect(await ask(id)).toEqual([true, false, false, false]);
    setSpaceReaders(site, "DEMO", { groups: ["staff"] });
    expect(await client.isPermitted(folder, { type: "group", id: staff })).toBe(true);
    expect(await client.viewRestriction(folder)).toEqual({ users: [], groups: [] });
  });

  it("who is no administrator may not ask about others", async () => {
    const { page, client } = world({ administrator: false });
    const id = page("Plan");
    await expect(client.isPermitted(id, { type: "user", id: "ada" })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await client.isPermitted(id, { type: "user", id: ACCOUNT_ID })).toBe(true);
  });
});
