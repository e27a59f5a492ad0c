import { afterEach, beforeEach, expect, it } from "vitest";
import { serveTestSite, type Listed, type ServedSite } from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let folder: string;
let page: string;

beforeEach(async () => {
  at = await serveTestSite();
  folder = await at.admin("add_folder", { space: "DEMO", title: "Runbooks" });
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p>P</p>", parent_id: folder });
  at.clock.advance(600_000);
});

afterEach(() => at.close());

const ids = ({ results }: Listed) => results.map(({ id }) => id);

it("a search that asks for folders finds them with title and place, beside the pages in them", async () => {
  const { results } = await at.found("type in (page, folder) order by id", { expand: "ancestors,version" });
  expect(results).toMatchObject([
    { id: folder, type: "folder", title: "Runbooks", ancestors: [], version: { number: 1 } },
    { id: page, type: "page", ancestors: [{ id: folder, type: "folder" }] },
  ]);
  expect(ids(await at.found("type = page"))).toEqual([page]);
  await at.admin("space", { key: "DEMO", visible: false });
  expect(ids(await at.found("type = folder"))).toEqual([]);
});

it("a renamed folder moves its date in the search, unless the setting forbids it, and no page's", async () => {
  const since = 'lastmodified >= "2026-03-04 11:20"';
  await at.admin("settings", { folder_names_move_date: false });
  await at.admin("edit_folder", { id: folder, title: "Playbooks" });
  expect(ids(await at.found(since))).toEqual([]);
  await at.admin("settings", { folder_names_move_date: true });
  await at.admin("edit_folder", { id: folder, title: "Manuals" });
  expect((await at.found(since)).results).toMatchObject([{ id: folder, title: "Manuals" }]);
});

it("a search for a type that the site does not know gets 400", async () => {
  await at.admin("settings", { unsupported_types: ["folder"] });
  const cql = encodeURIComponent("type in (page, folder)");
  const { status, json } = await at.get(`/wiki/rest/api/content/search?cql=${cql}`);
  expect([status, JSON.stringify(json)]).toEqual([
    400,
    expect.stringContaining("Unsupported value for type"),
  ]);
});

it("by a setting v1 names only pages as ancestors, and v2 still says what a page is in", async () => {
  const below = await at.admin("add", { space: "DEMO", title: "Step", body: "<p>S</p>", parent_id: page });
  await at.admin("settings", { ancestors_are: "pages" });
  const { results } = await at.found("type = page order by id", { expand: "ancestors" });
  expect(results).toMatchObject([
    { id: page, ancestors: [] },
    { id: below, ancestors: [{ id: page }] },
  ]);
  const { json } = await at.get(`/wiki/api/v2/pages/${page}`);
  expect(json).toMatchObject({ parentId: folder, parentType: "folder" });
});
