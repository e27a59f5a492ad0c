import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { serveTestSite, type ServedSite } from "#test/support/served-confluence-site.ts";

/** Who may see content by the site's own rule: what every test of the service is compared with. */
let at: ServedSite;

const READ = { key: "read", targetType: "space" };
const add = (title: string, more: object = {}) =>
  at.admin("add", { space: "DEMO", title, body: "<p/>", ...more });
const restrict = (id: string, who: object) => at.admin("restriction", { id, ...who });

/** Those of Ada, Bo and Cy, and the public, who may see it. */
async function viewers(id: string): Promise<string> {
  const seen: string[] = [];
  for (const [name, who] of [
    ["ada", "&account=ada"],
    ["bo", "&account=bo"],
    ["cy", "&account=cy"],
    ["public", ""],
  ] as const) {
    const { json } = await at.get(`/admin/may_view?id=${id}${who}`);
    if (z.object({ may_view: z.boolean() }).parse(json).may_view) seen.push(name);
  }
  return seen.join(" ");
}

beforeEach(async () => {
  at = await serveTestSite();
  for (const account_id of ["ada", "bo", "cy"]) await at.admin("person", { account_id });
  await at.admin("add_group", { name: "staff", members: ["ada", "bo"] });
  await at.admin("add_group", { name: "leads", members: ["ada"] });
  await at.admin("space_readers", { key: "DEMO", groups: ["staff"] });
});

afterEach(() => at.close());

describe("restrictions", () => {
  it("a page without any is seen by the readers of its space, a restricted one by those of them it names", async () => {
    const id = await add("Plan");
    expect(await viewers(id)).toBe("ada bo");
    await restrict(id, { users: ["ada", "cy"] });
    expect(await viewers(id)).toBe("ada");
    await restrict(id, { groups: ["leads"], users: ["bo"] });
    expect(await viewers(id)).toBe("ada bo");
    await restrict(id, {});
    expect(await viewers(id)).toBe("ada bo");
  });

  it("every restriction above a page must be passed, each by any of those it names", async () => {
    const top = await add("Top");
    const middle = await add("Middle", { parent_id: top });
    const page = await add("Page", { parent_id: middle });
    await restrict(top, { users: ["ada"] });
    expect(await viewers(page)).toBe("ada");
    await restrict(top, { groups: ["staff"] });
    await restrict(page, { users: ["ada"] });
    expect([await viewers(page), await viewers(middle)]).toEqual(["ada", "ada bo"]);
    await restrict(top, { groups: ["leads"] });
    await restrict(page, { users: ["bo"] });
    expect(await viewers(page)).toBe("");
    await at.admin("move", { id: page, parent_id: null });
    expect(await viewers(page)).toBe("bo");
  });

  it("restrictions on editing keep nobody from seeing, and make no version", async () => {
    const id = await add("Plan");
    await restrict(id, { users: ["cy"], operation: "update" });
    expect(await viewers(id)).toBe("ada bo");
    await restrict(id, { users: ["ada"] });
    expect(await at.get(`/wiki/api/v2/pages/${id}`)).toMatchObject({ json: { version: { number: 1 } } });
  });

  it("who was deactivated or deleted, an app and a deleted group keep a restriction closed", async () => {
    const id = await add("Plan");
    await at.admin("person", { account_id: "bot", type: "app" });
    await at.admin("person", { account_id: "ada", status: "inactive" });
    await restrict(id, { users: ["ada"] });
    expect(await viewers(id)).toBe("");
    await restrict(id, { users: ["bot"] });
    expect(await viewers(id)).toBe("");
    await restrict(id, { groups: ["leads"] });
    await at.admin("person", { account_id: "ada", status: "active" });
    expect(await viewers(id)).toBe("ada");
    await at.admin("delete_group", { group: "leads" });
    expect(await viewers(id)).toBe("");
    await restrict(id, { users: ["nobody-of-this-name", "bo"] });
    expect(await viewers(id)).toBe("bo");
    await at.admin("delete_person", { account_id: "bo" });
    expect(await viewers(id)).toBe("");
  });

  it.each(["folder", "whiteboard", "database", "embed"])(
    "the restriction on a parent of type %s is inherited by what is in it",
    async (kind) => {
      const folder = await at.admin("add_folder", { space: "DEMO", title: "Inside", kind });
      const page = await add("Page", { parent_id: folder });
      await restrict(folder, { users: ["bo"] });
      expect([await viewers(folder), await viewers(page)]).toEqual(["bo", "bo"]);
    },
  );

  it("comments and files are seen with the page or blog post that they are on", async () => {
    const post = await add("Post", { kind: "blogpost" });
    const comment = await at.admin("comment", { container_id: post, body: "<p>Why?</p>" });
    const reply = await at.admin("reply", { id: comment, body: "<p>So.</p>" });
    const file = await at.admin("upload", { container_id: post, title: "a.txt", text: "a" });
    await restrict(post, { users: ["bo"] });
    for (const id of [post, comment, reply, file]) expect(await viewers(id)).toBe("bo");
  });
});

describe("readers of a space", () => {
  it("classes let in whom they name: licensed accounts but no guests, and everybody", async () => {
    const id = await add("Plan");
    await at.admin("person", { account_id: "cy", guest: true });
    await at.admin("space_readers", { key: "DEMO", classes: ["ALL_LICENSED_USERS"] });
    expect(await viewers(id)).toBe("ada bo");
    await at.admin("space_readers", { key: "DEMO", users: ["cy"], classes: ["ALL_PRODUCT_ADMINS"] });
    expect(await viewers(id)).toBe("cy");
    await at.admin("space_readers", { key: "DEMO", classes: ["ANONYMOUS_USERS"] });
    expect(await viewers(id)).toBe("ada bo cy public");
    await restrict(id, { users: ["ada"] });
    expect(await viewers(id)).toBe("ada");
  });

  it("an account that may not use Confluence sees what the public sees, whatever names it", async () => {
    const id = await add("Plan");
    await restrict(id, { users: ["ada"] });
    await at.admin("edit_group", { group: "confluence-users", remove: ["ada"] });
    expect(await viewers(id)).toBe("");
    const open = await add("Open");
    await at.admin("space_readers", { key: "DEMO", groups: ["staff"], classes: ["ANONYMOUS_USERS"] });
    expect([await viewers(id), await viewers(open)]).toEqual(["", "ada bo cy public"]);
    await at.admin("edit_group", { group: "leads", licensed: true });
    expect(await viewers(id)).toBe("ada");
  });

  it("permissions other than reading the space do not count", async () => {
    const id = await add("Plan");
    const bo = { type: "user", id: "bo" };
    const others = [
      { principal: bo, operation: { key: "create", targetType: "page" } },
      { principal: bo, operation: { key: "administer", targetType: "space" } },
      { principal: bo, operation: { key: "read", targetType: "page" } },
    ];
    await at.admin("space_readers", { key: "DEMO", users: ["ada"], others });
    expect(await viewers(id)).toBe("ada");
    await at.admin("space_readers", { key: "DEMO", others: [{ principal: bo, operation: READ }] });
    expect(await viewers(id)).toBe("bo");
  });

  it("roles count by their permissions, once the site has roles", async () => {
    const id = await add("Plan");
    await at.admin("space_readers", { key: "DEMO" });
    await at.admin("add_role", { name: "Writer", permissions: ["create/page"] });
    await at.admin("assign_roles", {
      key: "DEMO",
      roles: [
        { role: "Viewer", groups: ["leads"] },
        { role: "Writer", users: ["bo"] },
        { role: "never-heard-of", users: ["cy"] },
      ],
    });
    expect(await viewers(id)).toBe("");
    await at.admin("settings", { role_mode: "ROLES" });
    expect(await viewers(id)).toBe("ada");
  });

  it("a page in another space is seen by the readers of that", async () => {
    await at.admin("add_space", { key: "OPS", name: "Ops" });
    await at.admin("space_readers", { key: "OPS", users: ["cy"] });
    const id = await add("Plan");
    await at.admin("move", { id, to_space: "OPS" });
    expect(await viewers(id)).toBe("cy");
  });
});

describe("the account that syncs", () => {
  it("the syncing account stays in restrictions and among readers unless it is left out, and then sees nothing of them", async () => {
    const above = await add("Above");
    const page = await add("Page", { parent_id: above, labels: ["red"] });
    const open = await add("Open");
    const comment = await at.admin("comment", { container_id: page, body: "<p>Why?</p>" });
    const file = await at.admin("upload", { container_id: page, title: "a.txt", text: "a" });
    const spaceId = at.site.pages.get(page)?.spaceId ?? "";
    const { results } = await at.listed(`/wiki/api/v2/spaces/${spaceId}/content/labels`);
    const status = async (path: string) => (await at.get(path)).status;
    const shown = async () => ({
      listed: (await at.listed("/wiki/api/v2/pages")).results.length,
      byId: (await at.listed(`/wiki/api/v2/pages?id=${page}`)).results.length,
      found: (await at.found("space = DEMO")).results.length,
      labels: (await at.listed(`/wiki/api/v2/spaces/${spaceId}/content/labels`)).results.length,
      labelled: (await at.listed(`/wiki/api/v2/labels/${results[0]?.id}/pages`)).results.length,
      page: await status(`/wiki/api/v2/pages/${page}?body-format=export_view`),
      comment: await status(`/wiki/api/v2/footer-comments/${comment}`),
      file: await status(`/wiki/api/v2/attachments/${file}`),
      download: await status(`/wiki/rest/api/content/${page}/child/attachment/${file}/download`),
      restriction: await status(`/wiki/rest/api/content/${page}/restriction/byOperation/read`),
    });
    const all = {
      listed: 3,
      byId: 1,
      found: 5,
      labels: 1,
      labelled: 1,
      page: 200,
      comment: 200,
      file: 200,
      download: 302,
      restriction: 200,
    };
    expect(await shown()).toEqual(all);
    await restrict(above, { users: ["ada"] });
    expect(await shown()).toEqual(all);
    await restrict(above, { users: ["ada"], with_account: false });
    expect(await shown()).toEqual({
      listed: 1,
      byId: 0,
      found: 1,
      labels: 0,
      labelled: 0,
      page: 404,
      comment: 404,
      file: 404,
      download: 404,
      restriction: 404,
    });
    const types = await at.post("/wiki/api/v2/content/convert-ids-to-types", { contentIds: [page, open] });
    expect(types.json).toEqual({ results: { [page]: null, [open]: "page" } });
    await restrict(above, {});
    await at.admin("space_readers", { key: "DEMO", users: ["ada"], with_account: false });
    expect((await at.listed("/wiki/api/v2/spaces")).results).toEqual([]);
    expect((await at.found("space = DEMO")).results).toEqual([]);
  });

  it("a folder that is hidden from the syncing account is not there, and neither is what is in it", async () => {
    const folder = await at.admin("add_folder", { space: "DEMO", title: "Inside" });
    const page = await add("Page", { parent_id: folder });
    await restrict(folder, { users: ["ada"], with_account: false });
    for (const path of [`folders/${folder}`, `pages/${page}`])
      expect((await at.get(`/wiki/api/v2/${path}`)).status).toBe(404);
    expect((await at.found("type in (page, folder)")).results).toEqual([]);
  });

  it("what a page includes is rendered for the syncing account: text that it may see, an error for what it may not", async () => {
    const target = await add("Target", { body: "<p>Whole</p>" });
    const reference = `<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Target"/></ac:link></ac:parameter>`;
    const body = `<ac:structured-macro ac:name="include">${reference}</ac:structured-macro>`;
    const page = await add("Includer", { body });
    const rendered = async () =>
      JSON.stringify((await at.get(`/wiki/api/v2/pages/${page}?body-format=export_view`)).json);
    await restrict(target, { users: ["ada"] });
    expect(await rendered()).toContain("Whole");
    await restrict(target, { users: ["ada"], with_account: false });
    expect(await rendered()).toContain("Unable to render");
    expect(await rendered()).not.toContain("Whole");
  });

  it("a page that only the syncing account sees has a restriction that names it", async () => {
    const id = await add("Plan");
    await at.admin("restrict", { id, visible_to: "account" });
    expect(await viewers(id)).toBe("");
    const { json } = await at.get(`/wiki/rest/api/content/${id}/restriction/byOperation/read`);
    expect(json).toMatchObject({ restrictions: { user: { results: [{ accountId: ACCOUNT_ID }] } } });
  });
});
