import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { makeApiFixture, NEW_SOURCE, type ApiFixture } from "#test/support/api-fixture.ts";

const SITES = "/api/confluence/sites";
const { space_key: _, ...NEW_SITE } = NEW_SOURCE;

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(() => fixture.reset());
afterAll(() => fixture.close());

const lacks = (...paths: string[]) => {
  for (const path of paths)
    fixture.site.faults.push({ effect: "scope_missing", said_in: "body", path, times: 1000, skip: 0 });
};
const connect = () => fixture.api("POST", SITES, { body: NEW_SITE });
type Missing = { scope: string; call: string; needed_for: string; need: string };
const scopes = (missing: Missing[]) => missing.map(({ scope }) => scope);

/** Paths of each call that the scope allows, as this site sees them. */
const REQUIRED = [
  ["read:page:confluence", ["/v2/pages", "/v2/blogposts"], "pages and blog posts"],
  ["read:space:confluence", ["/v2/spaces?", "/permissions"], "spaces"],
  ["read:content-details:confluence", ["/rest/api/user/current", "search"], "searching"],
] as const;

it.each(REQUIRED)(
  "a token without %s connects neither a site nor a source, and is told why",
  async (scope, paths, why) => {
    lacks(...paths);
    for (const [path, body] of [
      [SITES, NEW_SITE],
      ["/api/confluence/sources", NEW_SOURCE],
    ] as const) {
      const { status, body: answer } = await fixture.api("POST", path, { body });
      expect([status, answer.error.code]).toEqual([422, "scope_missing"]);
      expect(answer.error.message).toContain(scope);
      expect(answer.error.message).toContain(why);
    }
    expect((await fixture.api("GET", SITES)).body.sites).toEqual([]);
  },
);

it("a token that lacks several scopes is told all of them at once, the needed ones first", async () => {
  lacks("/rest/api/user/current", "search", "/v2/pages", "users-bulk", "/api/group");
  const { body } = await connect();
  expect(body.error.message).toMatch(/read:content-details:confluence \(.+\), read:page:confluence \(.+\)/);
  expect(body.error.message).not.toContain("read:user");
  expect(body.error.details.missing).toEqual(
    [
      ["read:content-details:confluence", "required"],
      ["read:page:confluence", "required"],
      ["read:user:confluence", "optional"],
      ["read:group:confluence", "optional"],
    ].map(([scope, need]) => expect.objectContaining({ scope, need, needed_for: expect.any(String) })),
  );
  const checked = await fixture.api("POST", `${SITES}/check`, {
    body: { ...NEW_SITE, check: "permissions" },
  });
  expect(checked.body).toMatchObject({
    passed: false,
    code: "scope_missing",
    message: body.error.message,
    details: { missing: body.error.details.missing },
  });
});

it("what a sync can do without is listed on the site, with what is lost", async () => {
  lacks(
    "/api/group",
    "permission/check",
    "space-role",
    "role-assignments",
    "/v2/whiteboards",
    "/v2/attachments",
  );
  const answer = await connect();
  expect(answer.status, answer.text).toBe(201);
  expect(scopes(answer.body.missing_scopes)).toEqual([
    "read:attachment:confluence",
    "read:content.permission:confluence",
    "read:group:confluence",
    "read:space.permission:confluence",
    "read:whiteboard:confluence",
  ]);
  const lost = answer.body.missing_scopes.map(({ needed_for }: Missing) => needed_for);
  expect(lost[2]).toBe("what somebody may see as a member of a group stays hidden");
  expect(new Set(lost).size).toBe(5);
});

it.each<[string, Fault]>([
  ["fails", { effect: "status", status: 500, retry_after: null, path: "/v2/pages", times: 99, skip: 0 }],
  ["limits the rate", { effect: "rate_limit", retry_after: 60, path: "/v2/pages", times: 99, skip: 0 }],
  [
    "does not know a call",
    { effect: "status", status: 404, retry_after: null, path: "/v2/pages", times: 99, skip: 0 },
  ],
  ["breaks off", { effect: "reset", path: "/v2/pages", times: 99, skip: 0 }],
])("a site that %s while scopes are tried is connected all the same", async (what, fault) => {
  fixture.site.faults.push(fault);
  const answer = await connect();
  expect([what, answer.status, answer.body.missing_scopes]).toEqual([what, 201, []]);
});

it("scopes are tried by at most one call each, whatever the site answers", async () => {
  fixture.site.requests.length = 0;
  fixture.site.faults.push({
    effect: "status",
    status: 500,
    retry_after: null,
    path: "/v2/pages",
    times: 99,
    skip: 0,
  });
  await connect();
  const paths = fixture.site.requests.map(({ path }) => path);
  expect(paths.filter((path) => path === "/wiki/api/v2/pages")).toHaveLength(1);
  expect(paths.length).toBeLessThanOrEqual(18);
});

it("a token that is not an administrator's lacks no scope", async () => {
  fixture.site.settings.administrator = false;
  expect((await connect()).body).toMatchObject({ missing_scopes: [] });
});
