import { afterEach, beforeEach, expect, it } from "vitest";
import { serveTestSite, type Listed, type ServedSite } from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let post: string;
let page: string;

beforeEach(async () => {
  at = await serveTestSite();
  page = await at.admin("add", { space: "DEMO", title: "Release 7", body: "<p>Plan</p>" });
  post = await at.admin("add", {
    kind: "blogpost",
    space: "DEMO",
    title: "Release 7",
    body: "<p>It is out</p>",
    labels: ["news"],
  });
});

afterEach(() => at.close());

const ids = ({ results }: Listed) => results.map(({ id }) => id);

it("pages and blog posts are listed apart, though they may share a title", async () => {
  expect(ids(await at.listed("/wiki/api/v2/pages?space-id=98305"))).toEqual([page]);
  expect(ids(await at.listed("/wiki/api/v2/blogposts?space-id=98305"))).toEqual([post]);
  expect(ids(await at.listed("/wiki/api/v2/spaces/98305/blogposts"))).toEqual([post]);
  expect((await at.get(`/wiki/api/v2/pages/${post}`)).status).toBe(404);
  expect((await at.get(`/wiki/api/v2/blogposts/${page}`)).status).toBe(404);
  expect(ids(await at.listed(`/wiki/api/v2/pages?id=${page},${post}`))).toEqual([page]);
});

it("blog posts come in bulk by id with their storage, and singly rendered, with labels", async () => {
  const [bulk] = (await at.listed(`/wiki/api/v2/blogposts?id=${post},${page}&body-format=storage`)).results;
  expect(bulk).toMatchObject({
    id: post,
    status: "current",
    version: { number: 1 },
    body: { storage: { value: "<p>It is out</p>" } },
    _links: { webui: `/spaces/DEMO/blog/2026/03/04/${post}/Release+7` },
  });
  expect(bulk).not.toHaveProperty("parentId");
  const path = `/wiki/api/v2/blogposts/${post}`;
  const single = await at.get(`${path}?body-format=export_view&include-labels=true`);
  expect(single.json).toMatchObject({
    body: { export_view: { value: "<p>It is out</p>" } },
    labels: { results: [{ name: "news" }] },
  });
  expect((await at.listed(`${path}/labels`)).results).toMatchObject([{ name: "news" }]);
});

it("a blog post that is edited has the version before too, and is found by its new date", async () => {
  at.clock.advance(600_000);
  await at.admin("edit", { id: post, body: "<p>Second</p>", new_title: "Release 7 is out" });
  const path = `/wiki/api/v2/blogposts/${post}?body-format=storage`;
  expect((await at.get(path)).json).toMatchObject({ version: { number: 2 }, title: "Release 7 is out" });
  expect((await at.get(`${path}&version=1`)).json).toMatchObject({
    version: { number: 1 },
    body: { storage: { value: "<p>It is out</p>" } },
  });
  expect((await at.get(`${path}&version=3`)).status).toBe(404);
  const { results } = await at.found('type in (page, blogpost) and lastmodified >= "2026-03-04 11:20"', {
    expand: "version,ancestors,metadata.labels",
  });
  expect(results).toMatchObject([
    { id: post, type: "blogpost", title: "Release 7 is out", version: { number: 2 }, ancestors: [] },
  ]);
});

it("a trashed blog post is in the trash only until it is restored or purged", async () => {
  await at.admin("trash", { id: post });
  expect(ids(await at.listed("/wiki/api/v2/blogposts"))).toEqual([]);
  expect(ids(await at.listed("/wiki/api/v2/blogposts?status=trashed"))).toEqual([post]);
  expect(ids(await at.found("type = blogpost"))).toEqual([]);
  await at.admin("restore", { id: post });
  expect(ids(await at.found("type = blogpost"))).toEqual([post]);
  await at.admin("purge", { id: post, leaves_record: true });
  expect(ids(await at.listed("/wiki/api/v2/blogposts?status=deleted"))).toEqual([post]);
});

it("a blog post moves to another space, and is hidden by a restriction", async () => {
  await at.admin("add_space", { key: "NEXT", name: "Next" });
  await at.admin("move", { id: post, to_space: "NEXT" });
  expect(ids(await at.found("space = NEXT"))).toEqual([post]);
  expect(ids(await at.listed("/wiki/api/v2/blogposts?space-id=98305"))).toEqual([]);
  await at.admin("restrict", { id: post });
  expect(ids(await at.listed("/wiki/api/v2/blogposts"))).toEqual([]);
});

it("a draft is never listed, found or returned before it is published", async () => {
  const draft = await at.admin("add", {
    kind: "blogpost",
    draft: true,
    space: "DEMO",
    title: "Not yet",
    body: "<p/>",
  });
  await at.admin("edit", { id: draft, body: "<p>Nearly</p>" });
  expect(ids(await at.listed("/wiki/api/v2/blogposts?status=current,trashed,deleted"))).toEqual([post]);
  expect(ids(await at.found("space = DEMO and type = blogpost"))).toEqual([post]);
  expect((await at.get(`/wiki/api/v2/blogposts/${draft}`)).status).toBe(404);
  expect((await at.get("/wiki/api/v2/blogposts?status=draft")).status).toBe(400);
  await at.admin("publish", { id: draft });
  expect(ids(await at.listed("/wiki/api/v2/blogposts"))).toEqual([post, draft]);
});

it("a blog post has no parent and no archive", async () => {
  const child = { kind: "blogpost", space: "DEMO", title: "Below", body: "<p/>", parent_id: page };
  expect(await at.refused("add", child)).toBe(400);
  expect(await at.refused("archive", { id: post })).toBe(400);
  expect((await at.get("/wiki/api/v2/blogposts?status=archived")).status).toBe(400);
});

it("faults hit listings of blog posts as they hit those of pages", async () => {
  await at.admin("fault", { effect: "empty_listing", path: "/blogposts" });
  expect(ids(await at.listed("/wiki/api/v2/pages"))).toEqual([page]);
  expect(ids(await at.listed("/wiki/api/v2/blogposts"))).toEqual([]);
  await at.admin("fault", { effect: "scope_missing", path: "/blogposts" });
  expect((await at.get("/wiki/api/v2/blogposts")).status).toBe(401);
});
