import { afterEach, beforeEach, expect, it } from "vitest";
import { serveTestSite, type Listed, type ServedSite } from "#test/support/served-confluence-site.ts";

let at: ServedSite;
let live: string;
let page: string;

beforeEach(async () => {
  at = await serveTestSite();
  page = await at.admin("add", { space: "DEMO", title: "Plan", body: "<p>P</p>" });
  live = await at.admin("add", { space: "DEMO", title: "Notes", body: "<p>One</p>", subtype: "live" });
  at.clock.advance(600_000);
});

afterEach(() => at.close());

const ids = ({ results }: Listed) => results.map(({ id }) => id);
const stored = async () => (await at.listed(`/wiki/api/v2/pages?id=${live}&body-format=storage`)).results[0];

it("live docs are pages that listings name, and that may be asked for apart", async () => {
  expect((await at.listed("/wiki/api/v2/pages")).results).toMatchObject([
    { id: page },
    { id: live, subtype: "live" },
  ]);
  expect(ids(await at.listed("/wiki/api/v2/pages?subtype=live"))).toEqual([live]);
  expect(ids(await at.listed("/wiki/api/v2/pages?subtype=page"))).toEqual([page]);
  expect((await at.get("/wiki/api/v2/pages?subtype=other")).status).toBe(400);
});

it("the text of a live doc changes at an equal version, and moves its date unless the setting forbids it", async () => {
  const since = 'lastmodified >= "2026-03-04 11:20"';
  await at.admin("settings", { live_edits_move_date: false });
  await at.admin("edit_live", { id: live, body: "<p>Two</p>" });
  expect(ids(await at.found(since))).toEqual([]);
  await at.admin("settings", { live_edits_move_date: true });
  await at.admin("edit_live", { id: live, body: "<p>Three</p>" });
  expect(ids(await at.found(since))).toEqual([live]);
  expect(await stored()).toMatchObject({
    version: { number: 1, createdAt: "2026-03-04T10:15:30.000Z" },
    body: { storage: { value: "<p>Three</p>" } },
  });
  expect(await at.refused("edit_live", { id: page, body: "<p/>" })).toBe(400);
});

it("the body of a live doc may be empty while it has text", async () => {
  await at.admin("hide_live_body", { id: live });
  expect(await stored()).toMatchObject({ version: { number: 1 }, body: { storage: { value: "" } } });
  const rendered = await at.get(`/wiki/api/v2/pages/${live}?body-format=export_view`);
  expect(rendered.json).toMatchObject({ body: { export_view: { value: "" } } });
  await at.admin("hide_live_body", { id: live, hidden: false });
  expect(await stored()).toMatchObject({ body: { storage: { value: "<p>One</p>" } } });
  await at.admin("hide_live_body", { id: live });
  await at.admin("edit", { id: live, body: "<p>Published</p>" });
  expect(await stored()).toMatchObject({
    version: { number: 2 },
    body: { storage: { value: "<p>Published</p>" } },
  });
});
