import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";

const ACCESS = {
  base_url: "https://acme.atlassian.net/wiki/",
  email: "sync@example.com",
  api_token: "demo-token",
};
const CHECKS = ["address", "account", "permissions", "spaces"] as const;

let fixture: ApiFixture;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  fixture.site.requests.length = 0;
});
afterAll(() => fixture.close());

const answer = (check: string, fields: object = {}) =>
  fixture.api("POST", "/api/confluence/sites/check", { body: { ...ACCESS, check, ...fields } });
const run = async (check: (typeof CHECKS)[number], fields: object = {}) => {
  const { status, text, body } = await answer(check, fields);
  expect(status, text).toBe(200);
  expect(text).not.toContain("demo-token");
  return body;
};
const passes = async (fields: object = {}) => {
  const results = [];
  for (const check of CHECKS) results.push((await run(check, fields)).passed);
  return results;
};

it("each check passes where connecting would, and says what it found", async () => {
  expect(await passes()).toEqual([true, true, true, true]);
  expect(await run("address")).toEqual({
    check: "address",
    passed: true,
    code: null,
    message: "https://acme.atlassian.net responds as Confluence Cloud does",
    details: {
      base_url: "https://acme.atlassian.net",
      reached_by: null,
      account_id: null,
      display_name: null,
      space_count: null,
      missing: [],
      retry_after_seconds: null,
    },
  });
  expect((await run("account")).details).toMatchObject({
    reached_by: "site",
    account_id: expect.any(String),
  });
  expect(await run("spaces")).toMatchObject({
    message: "The account sees 1 space",
    details: { space_count: 1 },
  });
});

it("checks store nothing, and ask for nothing that connecting does not ask for", async () => {
  const asked = () => new Set(fixture.site.requests.splice(0).map(({ method, path }) => `${method} ${path}`));
  for (const check of CHECKS) await run(check);
  const byChecks = asked();
  const [stored] = await fixture.database.sql`select (select count(*)::int from confluence_sites) as sites`;
  expect(stored?.sites).toBe(0);
  const { check: _, ...site } = { ...ACCESS, check: "" };
  expect((await fixture.api("POST", "/api/confluence/sites", { body: site })).status).toBe(201);
  const byConnecting = asked();
  expect([...byChecks].filter((request) => !byConnecting.has(request))).toEqual([]);
});

it("a wrong token leaves the address right, and fails what needs an account", async () => {
  const wrong = { api_token: "wrong-token" };
  expect(await passes(wrong)).toEqual([true, false, false, false]);
  expect(await run("account", wrong)).toMatchObject({ code: "credentials_rejected" });
  expect(await run("account", { email: undefined, api_token: "wrong-token" })).toMatchObject({
    code: "email_required",
    message: expect.stringContaining("e-mail"),
  });
});

it("a token for the gateway is said to reach the site there", async () => {
  fixture.site.settings.token_works_at = "gateway";
  expect((await run("account")).details.reached_by).toBe("gateway");
});

it.each([
  ["https://127.0.0.1", "address_refused"],
  ["http://acme.atlassian.net", "invalid_base_url"],
  ["nonsense", "invalid_base_url"],
])("an address that may not be used fails the check: %s", async (base_url, code) => {
  expect(await run("address", { base_url })).toMatchObject({ passed: false, code });
});

it("a host that fails, or limits the rate, fails the check and says what to do", async () => {
  fixture.site.faults.push({ effect: "status", status: 404, path: "/", times: 9, skip: 0 } as never);
  expect(await run("address")).toMatchObject({ passed: false, code: "not_confluence" });
  fixture.site.faults.length = 0;
  fixture.site.faults.push({ effect: "status", status: 500, path: "/", times: 99, skip: 0 } as never);
  expect(await run("account")).toMatchObject({ passed: false, code: "confluence_unreachable" });
  fixture.site.faults.length = 0;
  fixture.site.faults.push({
    effect: "status",
    status: 429,
    retry_after: 17,
    path: "/",
    times: 99,
    skip: 0,
  } as never);
  expect(await run("account")).toMatchObject({
    passed: false,
    code: "confluence_rate_limited",
    details: { retry_after_seconds: expect.any(Number) },
  });
});

it("a rate limit that only what a sync can do without meets fails the check too", async () => {
  const fault = {
    effect: "status",
    status: 429,
    retry_after: 17,
    path: "/content/labels",
    times: 99,
    skip: 0,
  };
  fixture.site.faults.push(fault as never);
  expect(await run("permissions")).toMatchObject({ passed: false, code: "confluence_rate_limited" });
});

it("scopes that a sync can do without are named with what is left out", async () => {
  for (const path of ["/content/labels", "users-bulk"])
    fixture.site.faults.push({ effect: "scope_missing", said_in: "both", path, times: 1000, skip: 0 });
  const result = await run("permissions");
  expect(result).toMatchObject({ passed: false, code: "scope_missing" });
  expect(result.details.missing.map(({ scope }: { scope: string }) => scope)).toEqual([
    "read:label:confluence",
    "read:user:confluence",
  ]);
  for (const { needed_for } of result.details.missing) expect(result.message).toContain(needed_for);
  expect(await run("spaces")).toMatchObject({ passed: true });
});

it("an account that sees no space is told so", async () => {
  for (const space of fixture.site.spaces.values()) space.visible = false;
  expect(await run("spaces")).toMatchObject({
    passed: false,
    code: "space_not_found",
    details: { space_count: 0 },
  });
  for (const space of fixture.site.spaces.values()) space.visible = true;
});

it.each([{ api_token: undefined }, { client_id: "c" }, { check: "everything" }, { password: "x" }])(
  "a request that is no check is refused: %j",
  async (fields) => {
    const { status, body } = await answer("account", fields);
    expect([status, body.error.code]).toEqual([400, "invalid_request"]);
  },
);
