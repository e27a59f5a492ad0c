import { afterEach, beforeEach, expect, it } from "vitest";
import { serveTestSite, type Listed, type ServedSite } from "#test/support/served-confluence-site.ts";

const ADA = "712020:ada";
const EXPAND = "version,ancestors,metadata.labels,space,container,body.storage,extensions.resolution";

let at: ServedSite;
let page: string;
let footer: string;
let reply: string;
let inline: string;

beforeEach(async () => {
  at = await serveTestSite();
  await at.admin("person", { account_id: ADA, display_name: "Ada Lee" });
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p>We ship on Monday</p>" });
  at.clock.advance(600_000);
  footer = await at.admin("comment", { container_id: page, body: "<p>Why?</p>", author: ADA });
  reply = await at.admin("reply", { id: footer, body: "<p>Because</p>" });
  inline = await at.admin("comment", { container_id: page, body: "<p>Tuesday?</p>", selection: "Monday" });
});

afterEach(() => at.close());

const ids = ({ results }: Listed) => results.map(({ id }) => id);
const hit = async (id: string, expand = EXPAND) => (await at.found(`id = ${id}`, { expand })).results[0];

it("a search by type finds comments with author, container, ancestors and a link that opens them", async () => {
  expect(ids(await at.found("type = comment and space = DEMO order by created"))).toEqual([
    footer,
    reply,
    inline,
  ]);
  expect(ids(await at.found("type in (page, blogpost, comment, attachment) order by id"))).toEqual([
    page,
    footer,
    reply,
    inline,
  ]);
  const webui = `/spaces/DEMO/pages/${page}/Plan?focusedCommentId=${reply}#comment-${reply}`;
  expect(await hit(footer, `${EXPAND},history`)).toMatchObject({
    type: "comment",
    title: "Re: Plan",
    space: { key: "DEMO" },
    ancestors: [],
    container: { id: page, type: "page", title: "Plan" },
    body: { storage: { value: "<p>Why?</p>" } },
    extensions: { location: "footer" },
    history: { createdBy: { accountId: ADA, displayName: "Ada Lee" } },
    version: { number: 1, by: { displayName: "Ada Lee" }, when: "2026-03-04T10:25:30.000Z" },
  });
  expect(await hit(reply)).toMatchObject({
    ancestors: [{ id: footer, type: "comment" }],
    container: { id: page },
    _links: { webui },
  });
});

it("the container of a reply may be the comment that it replies to", async () => {
  expect(ids(await at.found(`container = ${page}`))).toEqual([footer, reply, inline]);
  await at.admin("settings", { reply_container: "comment" });
  expect(await hit(reply)).toMatchObject({ container: { id: footer, type: "comment" } });
  expect(ids(await at.found(`container = ${page}`))).toEqual([footer, inline]);
});

it("an inline comment has its selection and resolution where they are expanded", async () => {
  expect(await hit(inline)).toMatchObject({
    extensions: { location: "inline", resolution: { status: "open" }, _expandable: { inlineProperties: "" } },
  });
  expect(await hit(inline, "extensions.inlineProperties")).toMatchObject({
    extensions: { inlineProperties: { originalSelection: "Monday" }, _expandable: { resolution: "" } },
  });
});

it("resolving and reopening a thread makes no version, and moves its date only by the setting", async () => {
  at.clock.advance(600_000);
  const since = 'type = comment and lastmodified >= "2026-03-04 11:30"';
  await at.admin("resolve_comment", { id: inline, author: ADA });
  expect(await hit(inline)).toMatchObject({
    version: { number: 1 },
    extensions: { resolution: { status: "resolved", lastModifier: { displayName: "Ada Lee" } } },
  });
  expect(ids(await at.found(since))).toEqual([]);
  await at.admin("settings", { resolving_moves_date: true });
  await at.admin("resolve_comment", { id: inline, status: "reopened" });
  expect(ids(await at.found(since))).toEqual([inline]);
  const inPage = (status: string) =>
    at.listed(`/wiki/api/v2/pages/${page}/inline-comments?resolution-status=${status}`);
  expect(ids(await inPage("resolved"))).toEqual([]);
  expect((await inPage("open,reopened")).results).toMatchObject([
    { id: inline, resolutionStatus: "reopened", properties: { inlineOriginalSelection: "Monday" } },
  ]);
  expect((await at.get(`/wiki/api/v2/inline-comments/${inline}`)).json).toMatchObject({
    resolutionLastModifiedAt: "2026-03-04T10:35:30.000Z",
  });
  expect(await at.refused("resolve_comment", { id: footer })).toBe(400);
});

it("v2 lists threads without replies, of a page and of the site, and replies below their comment", async () => {
  const other = await at.admin("add", { space: "DEMO", title: "Other", body: "<p/>" });
  const elsewhere = await at.admin("comment", { container_id: other, body: "<p>Hm</p>" });
  const storage = "body-format=storage";
  expect((await at.listed(`/wiki/api/v2/pages/${page}/footer-comments?${storage}`)).results).toMatchObject([
    { id: footer, pageId: page, version: { authorId: ADA }, body: { storage: { value: "<p>Why?</p>" } } },
  ]);
  expect(ids(await at.listed("/wiki/api/v2/footer-comments"))).toEqual([footer, elsewhere]);
  expect(ids(await at.listed("/wiki/api/v2/inline-comments"))).toEqual([inline]);
  const children = await at.listed(`/wiki/api/v2/footer-comments/${footer}/children`);
  expect(children.results).toMatchObject([{ id: reply, parentCommentId: footer }]);
  expect((await at.get(`/wiki/api/v2/footer-comments/${inline}`)).status).toBe(404);
});

it("a comment changes neither the version nor the date of its page", async () => {
  at.clock.advance(600_000);
  await at.admin("edit_comment", { id: footer, body: "<p>Why not?</p>" });
  await at.admin("reply", { id: reply, body: "<p>So</p>" });
  expect(await hit(page)).toMatchObject({ version: { number: 1, when: "2026-03-04T10:15:30.000Z" } });
  const recent = await at.found('lastmodified >= "2026-03-04 11:30" order by id', { expand: EXPAND });
  expect(recent.results).toMatchObject([
    { id: footer, version: { number: 2 }, body: { storage: { value: "<p>Why not?</p>" } } },
    { type: "comment", ancestors: [{ id: footer }, { id: reply }] },
  ]);
});

it("a deleted comment is gone for good with its replies, unless they are kept", async () => {
  await at.admin("delete_comment", { id: footer, replies: "kept" });
  expect(await hit(reply)).toMatchObject({ ancestors: [] });
  await at.admin("reply", { id: reply, body: "<p>Below</p>" });
  await at.admin("delete_comment", { id: reply });
  expect(ids(await at.found("type = comment"))).toEqual([inline]);
  expect((await at.get(`/wiki/api/v2/footer-comments/${footer}`)).status).toBe(404);
});

it("comments go with their page to the trash, out of sight and to another space, and come back with it", async () => {
  await at.admin("trash", { id: page });
  expect(ids(await at.found("type = comment"))).toEqual([]);
  expect(ids(await at.listed("/wiki/api/v2/footer-comments"))).toEqual([]);
  await at.admin("restore", { id: page });
  await at.admin("restrict", { id: page });
  expect(ids(await at.found("type = comment"))).toEqual([]);
  await at.admin("restrict", { id: page, visible_to: "everyone" });
  await at.admin("add_space", { key: "NEXT", name: "Next" });
  await at.admin("move", { id: page, to_space: "NEXT" });
  expect(ids(await at.found("space = NEXT and type = comment"))).toHaveLength(3);
  await at.admin("purge", { id: page });
  expect(at.site.comments.size).toBe(0);
  expect(ids(await at.found("type = comment"))).toEqual([]);
});

it("more than 50 hits with bodies are cut to 50 silently, 51 come without bodies", async () => {
  for (let n = 3; n < 51; n += 1) await at.admin("comment", { container_id: page, body: `<p>${n}</p>` });
  const size = async (expand: string) =>
    ids(await at.found("type = comment", { expand, limit: "250" })).length;
  expect([await size("body.storage"), await size("version")]).toEqual([50, 51]);
});

it("an expand that a kind does not have is left out, or refused by the setting", async () => {
  expect(await hit(footer)).not.toHaveProperty("metadata");
  await at.admin("settings", { unknown_expands: "reject" });
  const search = (cql: string, expand: string) =>
    at.get(`/wiki/rest/api/content/search?${new URLSearchParams({ cql, expand }).toString()}`);
  const mixed = await search("space = DEMO", "version,metadata.labels");
  expect(mixed).toMatchObject({ status: 400, json: { message: /metadata.labels.*comment/ } });
  expect((await search("type = comment", "version,ancestors,extensions.resolution")).status).toBe(200);
  expect((await search("type = page", "version,ancestors,metadata.labels")).status).toBe(200);
});

it("the search shows a comment after its lag, and faults hit the listings of comments", async () => {
  await at.admin("settings", { index_lag_seconds: 30 });
  const late = await at.admin("comment", { container_id: page, body: "<p>Late</p>" });
  expect(ids(await at.found(`id in (${late}, ${footer})`))).toEqual([footer]);
  at.clock.advance(30_000);
  expect(ids(await at.found(`id in (${late}, ${footer})`))).toEqual([footer, late]);
  await at.admin("fault", { effect: "drop_next", path: "footer-comments" });
  expect((await at.listed("/wiki/api/v2/footer-comments?limit=1"))._links.next).toBeUndefined();
});
