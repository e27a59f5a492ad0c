import { afterEach, beforeEach, expect, it } from "vitest";
import { serveTestSite, type ServedSite } from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let page: string;
let post: string;
let footer: string;
let inline: string;
let file: string;

beforeEach(async () => {
  at = await serveTestSite();
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p/>" });
  post = await at.admin("add", { kind: "blogpost", space: "DEMO", title: "News", body: "<p/>" });
  footer = await at.admin("comment", { container_id: post, body: "<p/>" });
  inline = await at.admin("comment", { container_id: page, body: "<p/>", selection: "x" });
  file = await at.admin("upload", { container_id: page, title: "a.txt", text: "a" });
});

afterEach(() => at.close());

const PATH = "/wiki/api/v2/content/convert-ids-to-types";
const typesOf = (...contentIds: (string | number)[]) => at.post(PATH, { contentIds });

it("ids of every kind map to their types, unknown ones to null", async () => {
  expect(await typesOf(page, Number(post), footer, inline, file, "1", "att1")).toEqual({
    status: 200,
    json: {
      results: {
        [page]: "page",
        [post]: "blogpost",
        [footer]: "footer-comment",
        [inline]: "inline-comment",
        [file]: "attachment",
        1: null,
        att1: null,
      },
    },
  });
  const ids = (count: number) => Array.from({ length: count }, (_, n) => String(n));
  expect((await typesOf(...ids(100))).status).toBe(200);
  expect((await typesOf(...ids(101))).status).toBe(400);
  expect((await at.post(PATH, { ids: [] })).status).toBe(400);
});

it("what is in the trash maps to null, unless the setting says otherwise; archived pages keep their type", async () => {
  await at.admin("trash_file", { id: file });
  await at.admin("trash", { id: post });
  await at.admin("archive", { id: page });
  const trashed = { [file]: null, [post]: null, [footer]: null, [page]: "page" };
  expect((await typesOf(file, post, footer, page)).json).toEqual({ results: trashed });
  await at.admin("settings", { types_of_trashed: true });
  const named = { [file]: "attachment", [post]: "blogpost", [footer]: "footer-comment", [page]: "page" };
  expect((await typesOf(file, post, footer, page)).json).toEqual({ results: named });
});

it("what the account may not see maps to null, with all that is on it", async () => {
  await at.admin("restrict", { id: page });
  expect((await typesOf(page, inline, file, post)).json).toEqual({
    results: { [page]: null, [inline]: null, [file]: null, [post]: "blogpost" },
  });
  await at.admin("settings", { answer_as_anonymous: true, anonymous_access: true });
  await at.admin("restrict", { id: post, visible_to: "account" });
  expect((await typesOf(post, footer)).json).toEqual({ results: { [post]: null, [footer]: null } });
});

it("faults make the map short, refuse it for a missing scope, or fail it", async () => {
  await at.admin("fault", { effect: "short_map", path: "convert-ids" });
  expect((await typesOf(page, post)).json).toEqual({ results: { [page]: "page" } });
  await at.admin("fault", { effect: "scope_missing", path: "convert-ids" });
  expect((await typesOf(page)).status).toBe(401);
  await at.admin("fault", { effect: "rate_limit", path: "convert-ids" });
  expect((await typesOf(page)).status).toBe(429);
  expect((await typesOf(page)).status).toBe(200);
});
