import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { connectSite } from "#test/support/connected-sites.ts";

let fixture: ApiFixture;
let added: string[] = [];
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  for (const id of added.splice(0)) fixture.site.spaces.delete(id);
});
afterAll(() => fixture.close());

const add = (key: string) => {
  const space = addSpace(fixture.site, { key, name: `Space ${key}` });
  added.push(space.id);
  return space;
};
const discover = async (path: string) => {
  const answer = await fixture.api("POST", `${path}/discover`, { body: {} });
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
};
const states = async (path: string) => {
  const { body } = await fixture.api("GET", `${path}/spaces`);
  const spaces = body.spaces as { space_id: string; state: string; source_id: string | null }[];
  return new Map(spaces.map((space) => [space.space_id, space]));
};

it("a space that is deleted and made again waits, ends no discovery, and is added once the old source is deleted", async () => {
  const old = add("TEAM");
  const path = await connectSite(fixture);
  fixture.site.spaces.delete(old.id);
  const again = add("TEAM");
  const other = add("OPS");
  expect((await discover(path)).sources_added).toHaveLength(1);
  const found = await states(path);
  expect([old, again, other].map(({ id }) => found.get(id)?.state)).toEqual(["gone", "waiting", "synced"]);
  const told = fixture.logLines().filter(({ event }) => event === "site.spaces_waiting");
  expect(told).toMatchObject([{ space_keys: ["TEAM"] }]);
  const sourceId = found.get(old.id)?.source_id;
  expect((await fixture.api("DELETE", `/api/confluence/${sourceId}`)).status).toBeLessThan(300);
  expect((await discover(path)).sources_added).toHaveLength(1);
  expect((await states(path)).get(again.id)?.state).toBe("synced");
});

it("a space that waits for its key is no reason to hold others, and no part of a plan", async () => {
  const old = add("TEAM");
  const path = await connectSite(fixture);
  fixture.site.spaces.delete(old.id);
  add("TEAM");
  const plan = { dry_run: true, spaces: { include: ["*"] } };
  expect((await fixture.api("PATCH", path, { body: plan })).body.spaces).toEqual([]);
  await fixture.api("PATCH", path, { body: { limits: { max_dollars: 1 } } });
  expect((await discover(path)).first_syncs_held).toBeNull();
});

it("a listing that shows one key under two ids connects the site, with one of them", async () => {
  const [first, second] = [add("TEAM"), add("OPS")];
  second.key = "TEAM";
  const path = await connectSite(fixture);
  const found = await states(path);
  expect([first, second].map(({ id }) => found.get(id)?.state)).toEqual(["synced", "waiting"]);
});

it("a key is free at once when its space has another one, also for a site with limits", async () => {
  const old = add("TEAM");
  const path = await connectSite(fixture);
  old.key = "CREW";
  const again = add("TEAM");
  await fixture.api("PATCH", path, { body: { limits: { max_dollars: 1 } } });
  expect((await discover(path)).first_syncs_held).toMatchObject({ spaces: 1 });
  await fixture.api("PATCH", path, { body: { limits: {} } });
  expect((await discover(path)).sources_added).toHaveLength(1);
  expect((await states(path)).get(again.id)?.state).toBe("synced");
});

it("a key that a source of another account still has ends no discovery", async () => {
  const old = add("TEAM");
  const path = await connectSite(fixture);
  await fixture.database.sql`
    update archon_sources set site_id = null, account_id = 'somebody-else' where space_id = ${old.id}`;
  old.key = "CREW";
  const again = add("TEAM");
  expect((await discover(path)).sources_added).toEqual([]);
  expect((await states(path)).get(again.id)?.state).toBe("waiting");
});
